"""A health check's configuration, parsed from the JSON that `list-health-checks` prints.

Defaults are those of API_HealthCheckConfig; what a probe sends (Host header, path, port) follows
from the configuration alone and is said here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from gameday.errors import UsageError
from gameday.route53 import members

CHECKER_REGIONS = (
    "us-east-1", "us-west-1", "us-west-2", "eu-west-1", "ap-southeast-1", "ap-southeast-2",
    "ap-northeast-1", "sa-east-1",
)  # fmt: skip
ENDPOINT_TYPES = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")
TYPES = (*ENDPOINT_TYPES, "CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL")
INTERVALS_S = (10, 30)
THRESHOLD_MAX = 10
CHILDREN_MAX = 256
INSUFFICIENT_DATA = ("Healthy", "Unhealthy", "LastKnownStatus")
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
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
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
    check_id = members.shown(item.get("Id") or "?")
    try:
        if not members.text(item, "Id", 64):
            raise ValueError("has no Id")
        config = members.needed(members.body(item, "HealthCheckConfig"), "HealthCheckConfig")
        kind = members.needed(members.text(config, "Type"), "Type")
        if kind not in TYPES:
            raise ValueError(f"unknown Type {members.shown(kind)}")
        check = _parse(check_id, kind, config)
        if check.is_endpoint and not check.target:
            raise ValueError("give IPAddress or FullyQualifiedDomainName")
        return check
    except ValueError as e:
        raise UsageError(f"health check {check_id}: {e}") from e


def _parse(check_id: str, kind: str, config: Mapping[str, Any]) -> HealthCheck:
    """Source of the limits: API_HealthCheckConfig. Regions may be newer than this version."""
    path = members.text(config, "ResourcePath") or "/"
    usual_port = 443 if kind.startswith("HTTPS") else 80
    return HealthCheck(
        check_id, kind,
        ip=members.text(config, "IPAddress"),
        fqdn=members.text(config, "FullyQualifiedDomainName"),
        port=members.number(config, "Port", 1, 65535) or usual_port,
        path=path if path.startswith("/") else "/" + path,
        search=(members.text(config, "SearchString") or "").encode(),
        interval_s=_interval_s(kind, config),
        failure_threshold=members.number(config, "FailureThreshold", 1, THRESHOLD_MAX) or 3,
        inverted=members.truth(config, "Inverted"),
        disabled=members.truth(config, "Disabled"),
        sni=members.truth(config, "EnableSNI", True),
        measure_latency=members.truth(config, "MeasureLatency"),
        regions=members.texts(config, "Regions") or CHECKER_REGIONS,
        children=members.texts(config, "ChildHealthChecks"),
        health_threshold=members.number(config, "HealthThreshold", 0, CHILDREN_MAX) or 0,
        alarm=_alarm(members.body(config, "AlarmIdentifier")),
        insufficient_data=members.one_of(
            config, "InsufficientDataHealthStatus", INSUFFICIENT_DATA
        ) or "LastKnownStatus",
        routing_control=members.text(config, "RoutingControlArn"),
    )  # fmt: skip


def _interval_s(kind: str, config: Mapping[str, Any]) -> float:
    """Only checkers wait: what other kinds say of it does not matter."""
    found = members.number(config, "RequestInterval", 0, 3600)
    if found is not None and found not in INTERVALS_S and kind in ENDPOINT_TYPES:
        raise ValueError(f"RequestInterval is {found}, neither 10 nor 30")
    return float(found or 30)


def _alarm(item: Mapping[str, Any] | None) -> tuple[str, str] | None:
    if item is None:
        return None
    return (
        members.needed(members.text(item, "Region"), "AlarmIdentifier.Region"),
        members.needed(members.text(item, "Name", 256), "AlarmIdentifier.Name"),
    )
