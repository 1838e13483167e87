"""A health check's configuration, parsed from the JSON that `list-health-checks` prints.

Defaults are those of API_HealthCheckConfig; what a probe sends (Host header, path, port) follows
from the configuration alone and is said here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address, ip_network
from typing import Any

from gameday.errors import UsageError

CHECKER_REGIONS = (
    "us-east-1", "us-west-1", "us-west-2", "eu-west-1", "ap-southeast-1", "ap-southeast-2",
    "ap-northeast-1", "sa-east-1",
)  # fmt: skip
ENDPOINT_TYPES = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")
TYPES = (*ENDPOINT_TYPES, "CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL")
CHECKERS = 16  # monitoring-health-check-latency: 16 availability zones

PRIVATE_BLOCKS = tuple(map(ip_network, (
    "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
    "::1/128", "fc00::/7",
)))  # fmt: skip
UNUSABLE_BLOCKS = tuple(map(ip_network, (
    "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/128", "fe80::/10", "ff00::/8",
)))  # fmt: skip


class Place(Enum):
    """Where an address is; Route 53 checks none but those on the internet."""

    INTERNET = "internet"
    PRIVATE = "private"  # loopback, private and shared address space
    NOWHERE = "nowhere"  # link-local, multicast, reserved, or no address at all


def place_of(address: str) -> Place:
    """Where `address` is. Source: Route 53 API reference, HealthCheckConfig, IPAddress."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return Place.NOWHERE
    if any(parsed in block for block in UNUSABLE_BLOCKS):
        return Place.NOWHERE
    return Place.PRIVATE if any(parsed in b for b in PRIVATE_BLOCKS) else Place.INTERNET


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One health check. `failure_threshold` counts probes in both directions."""

    id: str
    type: str
    ip: str | None = None
    fqdn: str | None = None
    port: int = 80
    path: str = "/"
    search: bytes = b""
    interval_s: float = 30.0
    failure_threshold: int = 3
    inverted: bool = False
    disabled: bool = False
    sni: bool = True
    measure_latency: bool = False
    regions: tuple[str, ...] = CHECKER_REGIONS
    children: tuple[str, ...] = ()
    health_threshold: int = 0
    alarm: tuple[str, str] | None = None  # Region, name
    insufficient_data: str = "LastKnownStatus"
    routing_control: str | None = None

    @property
    def is_endpoint(self) -> bool:
        """Whether checkers probe something for it."""
        return self.type in ENDPOINT_TYPES

    @property
    def is_https(self) -> bool:
        return self.type.startswith("HTTPS")

    @property
    def target(self) -> str:
        """The address or the name that is probed."""
        return self.ip or self.fqdn or ""

    @property
    def host_header(self) -> str:
        """The name, else the address; with the port unless it is the default one."""
        host = self.fqdn or self.ip or ""
        return host if self.port == (443 if self.is_https else 80) else f"{host}:{self.port}"


def checker_regions(check: HealthCheck, checker_count: int) -> list[str]:
    """The Region of each checker: `checker_count` for all eight Regions, fewer for a list."""
    regions = check.regions or CHECKER_REGIONS
    count = max(1, checker_count * len(regions) // len(CHECKER_REGIONS))
    return [regions[n % len(regions)] for n in range(count)]


def parse_check(item: Mapping[str, Any]) -> HealthCheck:
    """One health check from AWS's JSON (`Id` and `HealthCheckConfig`).

    :raises UsageError: one line that names the check and what is wrong with it.
    """
    check_id = str(item.get("Id", "?"))
    try:
        config = item["HealthCheckConfig"]
        kind = config["Type"]
        if kind not in TYPES:
            raise ValueError(f"unknown Type {kind}")
        if kind in ENDPOINT_TYPES and not (
            config.get("IPAddress") or config.get("FullyQualifiedDomainName")
        ):
            raise ValueError("give IPAddress or FullyQualifiedDomainName")
        return _parse(check_id, kind, config)
    except (KeyError, TypeError, ValueError) as e:
        what = f"{e.args[0]} is missing" if isinstance(e, KeyError) else str(e)
        raise UsageError(f"health check {check_id}: {what}") from e


def _parse(check_id: str, kind: str, config: Mapping[str, Any]) -> HealthCheck:
    path = config.get("ResourcePath") or "/"
    alarm = config.get("AlarmIdentifier")
    return HealthCheck(
        check_id, kind,
        ip=config.get("IPAddress") or None,
        fqdn=config.get("FullyQualifiedDomainName") or None,
        port=int(config.get("Port") or (443 if kind.startswith("HTTPS") else 80)),
        path=path if path.startswith("/") else "/" + path,
        search=str(config.get("SearchString") or "").encode(),
        interval_s=float(config.get("RequestInterval") or 30),
        failure_threshold=int(config.get("FailureThreshold") or 3),
        inverted=_truth(config.get("Inverted")),
        disabled=_truth(config.get("Disabled")),
        sni=_truth(config.get("EnableSNI", True)),
        measure_latency=_truth(config.get("MeasureLatency")),
        regions=tuple(config.get("Regions") or CHECKER_REGIONS),
        children=tuple(config.get("ChildHealthChecks") or ()),
        health_threshold=int(config.get("HealthThreshold") or 0),
        alarm=(alarm["Region"], alarm["Name"]) if alarm else None,
        insufficient_data=config.get("InsufficientDataHealthStatus") or "LastKnownStatus",
        routing_control=config.get("RoutingControlArn"),
    )  # fmt: skip


def _truth(value: object) -> bool:
    return value in (True, "true", "True")
