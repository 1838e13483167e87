"""Route 53 health checks as the control plane keeps them: AWS's JSON, versions, references.

A `HealthCheck` is AWS's JSON as `list-health-checks` prints it. What the checkers observe of them
is not here.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from gameday.errors import UsageError
from gameday.lab.cloud import paging
from gameday.lab.cloud.wire import Fault
from gameday.route53.check import INTERVALS_S, THRESHOLD_MAX, Place, parse_check, place_of

HealthCheck = dict[str, Any]
Config = dict[str, Any]

_ENDPOINT_TYPES = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")
_MEMBERS = {  # of one kind of check, beside those that every kind has
    "Endpoint": (
        "IPAddress", "Port", "ResourcePath", "FullyQualifiedDomainName", "SearchString",
        "RequestInterval", "FailureThreshold", "MeasureLatency", "EnableSNI", "Regions",
    ),
    "CALCULATED": ("HealthThreshold", "ChildHealthChecks"),
    "CLOUDWATCH_METRIC": ("AlarmIdentifier", "InsufficientDataHealthStatus"),
    "RECOVERY_CONTROL": ("RoutingControlArn",),
}  # fmt: skip
_PORTS = {"HTTP": 80, "HTTP_STR_MATCH": 80, "HTTPS": 443, "HTTPS_STR_MATCH": 443}
_UPDATABLE = (
    "IPAddress", "Port", "ResourcePath", "FullyQualifiedDomainName", "SearchString",
    "FailureThreshold", "Inverted", "Disabled", "HealthThreshold", "ChildHealthChecks",
    "EnableSNI", "Regions", "AlarmIdentifier", "InsufficientDataHealthStatus",
)  # fmt: skip


def with_defaults(config: Mapping[str, Any]) -> Config:
    """The configuration with the defaults that Route 53 shows, without empty members.

    Source: Route 53 API reference, HealthCheckConfig.
    """
    kind = config["Type"]
    full: Config = {k: copy.deepcopy(v) for k, v in config.items() if v not in (None, "", [])}
    full.setdefault("Inverted", False)
    full.setdefault("Disabled", False)
    if kind in _ENDPOINT_TYPES:
        full.setdefault("RequestInterval", 30)
        full.setdefault("FailureThreshold", 3)
        full.setdefault("MeasureLatency", False)
        full.setdefault("EnableSNI", kind.startswith("HTTPS"))
        if kind in _PORTS:
            full.setdefault("Port", _PORTS[kind])
    return full


def refusals(
    config: Mapping[str, Any], own: Collection[str] = (), *, private_targets: bool = False
) -> list[str]:
    """Why Route 53 would not take a complete configuration; empty when it would.

    `own` are addresses of the lab, which are taken although they are on loopback; with
    `private_targets` loopback and private addresses are, too.
    """
    kind = config["Type"]
    found = _foreign(kind, config)
    if kind in _ENDPOINT_TYPES:
        if config.get("RequestInterval") not in INTERVALS_S:
            found.append("RequestInterval must be 10 or 30")
        if not 1 <= config.get("FailureThreshold", 3) <= THRESHOLD_MAX:
            found.append(f"FailureThreshold must be between 1 and {THRESHOLD_MAX}")
        if not config.get("IPAddress") and not config.get("FullyQualifiedDomainName"):
            found.append("IPAddress or FullyQualifiedDomainName is required")
        address = config.get("IPAddress")
        taken = (Place.INTERNET, Place.PRIVATE) if private_targets else (Place.INTERNET,)
        if address and address not in own and place_of(address) not in taken:
            found.append(f"IPAddress {address} is not an address on the internet")
        if kind.endswith("STR_MATCH") and not config.get("SearchString"):
            found.append(f"SearchString is required for {kind}")
        if "Port" not in config:
            found.append("Port is required for TCP")
        elif not 1 <= config["Port"] <= 65535:
            found.append("Port must be between 1 and 65535")
    if kind == "CALCULATED" and config.get("HealthThreshold") is None:
        found.append("HealthThreshold is required for CALCULATED")
    if kind == "CLOUDWATCH_METRIC" and not config.get("AlarmIdentifier"):
        found.append("AlarmIdentifier is required for CLOUDWATCH_METRIC")
    if kind == "RECOVERY_CONTROL" and not config.get("RoutingControlArn"):
        found.append("RoutingControlArn is required for RECOVERY_CONTROL")
    if 0 < len(config.get("Regions", [])) < 3:
        found.append("Regions must name at least three Regions")
    return found


def _foreign(kind: str, config: Mapping[str, Any]) -> list[str]:
    """Members that checks of another kind have: AWS says "must not have ... specified"."""
    own = "Endpoint" if kind in _ENDPOINT_TYPES else kind
    others = [m for k, members in _MEMBERS.items() if k != own for m in members]
    return [f"{kind} health checks must not have {m} specified" for m in others if m in config]


def _unreadable(config: Config) -> list[str]:
    """Why the health checkers could not take the check over, which would keep all others out."""
    try:
        parse_check({"Id": "new", "HealthCheckConfig": config})
    except UsageError as error:
        return [str(error)]
    return []


class HealthChecks:
    """All health checks of the account by id; `own` are the addresses of the lab's Regions.

    Those are on loopback, which Route 53 would refuse; with `private_targets` none is.
    """

    def __init__(self, own: Iterable[str] = (), *, private_targets: bool = False) -> None:
        self._own, self._private_targets = frozenset(own), private_targets
        self._checks: dict[str, HealthCheck] = {}
        self._references: dict[str, str] = {}  # caller reference -> id, also of deleted checks

    def create(self, reference: str, config: Mapping[str, Any]) -> HealthCheck:
        """The new check, or the existing one when the caller repeats itself.

        :raises Fault: HealthCheckAlreadyExists when the reference was used with other settings
            or for a check that was deleted (API reference, CreateHealthCheck); InvalidInput.
        """
        full = with_defaults(config)
        known = self._references.get(reference)
        if known is not None:
            existing = self._checks.get(known)
            if existing and existing["HealthCheckConfig"] == full:
                return existing
            raise Fault(
                "HealthCheckAlreadyExists",
                f"A health check with caller reference {reference} already exists or existed.",
            )
        self._refuse_invalid(full)
        check: HealthCheck = {
            "Id": str(uuid.uuid4()),
            "CallerReference": reference,
            "HealthCheckConfig": full,
            "HealthCheckVersion": 1,
        }
        self._checks[check["Id"]] = check
        self._references[reference] = check["Id"]
        return check

    def update(self, check_id: str, changes: Mapping[str, Any]) -> HealthCheck:
        """The check after the change; its version is one higher.

        :raises Fault: NoSuchHealthCheck, HealthCheckVersionMismatch, InvalidInput.
        """
        check = self.get(check_id)
        version = changes.get("HealthCheckVersion")
        if version is not None and version != check["HealthCheckVersion"]:
            raise Fault(
                "HealthCheckVersionMismatch",
                f"Version {version} of health check {check_id} is not current; "
                f"the current one is {check['HealthCheckVersion']}.",
            )
        config = dict(check["HealthCheckConfig"])
        for name in changes.get("ResetElements") or ():
            config.pop(name, None)
        config |= {k: changes[k] for k in _UPDATABLE if changes.get(k) is not None}
        full = with_defaults(config)
        self._refuse_invalid(full)
        updated = check | {
            "HealthCheckConfig": full,
            "HealthCheckVersion": check["HealthCheckVersion"] + 1,
        }
        self._checks[check_id] = updated
        return updated

    def take_over(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Keep checks as `list-health-checks` printed them, with their ids and versions."""
        for item in items:
            reference = str(item.get("CallerReference") or item["Id"])
            self._checks[item["Id"]] = {
                "Id": item["Id"],
                "CallerReference": reference,
                "HealthCheckConfig": with_defaults(item["HealthCheckConfig"]),
                "HealthCheckVersion": int(item.get("HealthCheckVersion") or 1),
            }
            self._references[reference] = item["Id"]

    def get(self, check_id: str) -> HealthCheck:
        """The check called `check_id`.

        :raises Fault: NoSuchHealthCheck.
        """
        if check_id not in self._checks:
            raise Fault("NoSuchHealthCheck", f"A health check with id {check_id} does not exist.")
        return self._checks[check_id]

    def delete(self, check_id: str) -> None:
        """Remove the check; its caller reference stays used."""
        self.get(check_id)
        del self._checks[check_id]

    def all(self) -> list[HealthCheck]:
        """Every check, oldest first."""
        return list(self._checks.values())

    def page(self, marker: str | None, size: int) -> tuple[list[HealthCheck], str | None]:
        """A page by id from `marker` on, which may be gone, and the marker of the next one."""
        ids = sorted(self._checks)
        listed, following = paging.from_marker(ids, ids, marker, size)
        return [self._checks[i] for i in listed], None if following is None else ids[following]

    def routing_controls(self) -> list[str]:
        """The routing controls that checks follow."""
        configs = (c["HealthCheckConfig"] for c in self._checks.values())
        return [c["RoutingControlArn"] for c in configs if c.get("RoutingControlArn")]

    def _refuse_invalid(self, config: Config) -> None:
        found = refusals(config, self._own, private_targets=self._private_targets)
        for child in config.get("ChildHealthChecks", []):
            existing = self._checks.get(child)
            if existing is None:
                found.append(f"child health check {child} does not exist")
            elif existing["HealthCheckConfig"]["Type"] == "CALCULATED":
                found.append(f"child health check {child} is itself CALCULATED")
        if not found:
            found = _unreadable(config)
        if found:
            raise Fault("InvalidInput", "; ".join(found))
