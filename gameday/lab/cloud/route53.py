"""Route 53's control plane in front of moto: record sets, health checks and their status.

moto keeps hosted zones and tags. Record sets and health checks are kept here, because moto drops
members of both and accepts what AWS refuses; each zone's are mirrored into moto, so that its
counts and its refusal to delete a zone in use hold.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from gameday import clock
from gameday.lab.cloud import geo_locations, hosted_zones, paging, record_sets
from gameday.lab.cloud.cidr_collections import CidrCollections
from gameday.lab.cloud.health_checks import HealthChecks
from gameday.lab.cloud.moto_app import Moto
from gameday.lab.cloud.own import Handler, Params, Result
from gameday.lab.cloud.policy_instances import PolicyInstances
from gameday.lab.cloud.record_sets import RecordSet
from gameday.lab.cloud.routing_controls import RoutingControls
from gameday.lab.cloud.wire import Fault
from gameday.route53 import validate
from gameday.route53.zone import DEFAULT_SOA

RECORD_SETS_PAGE_SIZE = 300
CHECKER_IP_RANGES = ("15.177.0.0/18",)
"""What the made-up addresses of the lab's checkers are out of, as are AWS's."""

CHANGES_OF_ZONES = ("/change/C1PA6795UKMFR9", "/change/C2682N5HXP0BZ4", "/change/a1b2c3d4")
"""What moto says of every zone that is created, deleted, or joined to a VPC or parted from it."""

_NO_FAILURE = "The health check endpoint has not failed since its Route 53 health checker started."


class Route53:
    """The handlers, and what of their state the name server and the checkers must know."""

    def __init__(
        self, moto: Moto, speed: float, addresses: Iterable[str] = (), *, private_targets: bool
    ) -> None:
        self._moto, self._speed = moto, speed
        self._record_sets: dict[str, list[RecordSet]] = {}
        self._changes: dict[str, datetime] = {}
        self.checks = HealthChecks(addresses, private_targets=private_targets)
        self.collections = CidrCollections(self._uses_collection)
        self.instances = PolicyInstances(self, speed)
        self.routing_controls = RoutingControls(self.checks.routing_controls)
        self.health: dict[str, dict[str, Any]] = {}
        self._failures: dict[tuple[str, str], dict[str, Any]] = {}

    def handlers(self) -> dict[str, Handler]:
        """By operation name."""
        parts = (geo_locations, self.collections, self.instances)
        others = {name: h for part in parts for name, h in part.handlers().items()}
        return others | {
            "CreateHostedZone": lambda _, p: hosted_zones.refuse_creation(p, self.zones()),
            "ListHostedZones": lambda _, p: hosted_zones.list_all(p, self.zones(), self._count),
            "ListHostedZonesByName": lambda _, p: hosted_zones.list_by_name(
                p, self.zones(), self._count
            ),
            "ChangeTagsForResource": lambda _, p: self._tagged(p, [p["ResourceId"]]),
            "ListTagsForResource": lambda _, p: self._tagged(p, [p["ResourceId"]]),
            "ListTagsForResources": lambda _, p: self._tagged(p, p["ResourceIds"]),
            "ChangeResourceRecordSets": self._change_record_sets,
            "ListResourceRecordSets": self._list_record_sets,
            "GetChange": self._get_change,
            "CreateHealthCheck": self._create_check,
            "UpdateHealthCheck": self._update_check,
            "GetHealthCheck": lambda _, p: {"HealthCheck": self.checks.get(p["HealthCheckId"])},
            "DeleteHealthCheck": self._delete_check,
            "ListHealthChecks": self._list_checks,
            "GetHealthCheckCount": lambda _, p: {"HealthCheckCount": len(self.checks.all())},
            "GetHealthCheckStatus": self._status,
            "GetHealthCheckLastFailureReason": self._last_failure,
            "GetCheckerIpRanges": lambda _, p: {"CheckerIpRanges": list(CHECKER_IP_RANGES)},
        }

    def snapshot(self) -> dict[str, Any]:
        """The body for the name server and the checkers."""
        return {
            "zones": [
                {"id": z.resource_id, "name": z.name, "record_sets": self.served(z)}
                for z in self.zones()
                if not z.private_zone
            ],
            "health_checks": self.checks.all(),
            "cidr_collections": self.collections.snapshot(),
        }

    def zones(self) -> list[Any]:
        """moto's hosted zones."""
        if not self._moto.used("route53"):
            return []
        return list(self._moto.backend("route53", "aws").zones.values())

    def record_sets(self, zone: Any) -> list[RecordSet]:
        """The record sets of one of moto's zones; a new zone has the SOA and NS moto gave it."""
        known = self._record_sets.get(zone.resource_id)
        if known is None:
            given = (
                {
                    "Name": r.name,
                    "Type": r.type,
                    "TTL": int(r.ttl),
                    "ResourceRecords": [{"Value": v} for v in _values(r)],
                }
                for r in zone.rrsets
            )
            made = [{"Action": "CREATE", "ResourceRecordSet": r} for r in given]
            known = self._record_sets[zone.resource_id] = record_sets.applied([], made)
        return known

    def served(self, zone: Any) -> list[RecordSet]:
        """The record sets of a zone with the trees of its traffic policy instances."""
        own = [r for r in self.record_sets(zone) if "TrafficPolicyInstanceId" not in r]
        return own + list(self.instances.record_sets(zone.resource_id))

    def observed(self, checks: Mapping[str, dict[str, Any]]) -> None:
        """Take what the checkers observed; the last failure of each checker is remembered."""
        self.health.update(checks)
        for check_id, health in checks.items():
            for seen in health.get("observations", ()):
                if not seen["ok"]:
                    self._failures[check_id, seen["ip"]] = seen

    def zone(self, zone_id: str) -> Any:
        """moto's zone.

        :raises Fault: NoSuchHostedZone.
        """
        short = zone_id.rpartition("/")[2]
        for zone in self.zones():
            if zone.resource_id == short:
                return zone
        raise Fault("NoSuchHostedZone", f"No hosted zone found with ID: {short}")

    def _count(self, zone: Any) -> int:
        return len(self.record_sets(zone))

    def _tagged(self, params: Params, ids: Iterable[str]) -> None:
        """moto keeps tags, of whatever it is told."""
        find = self.zone if params["ResourceType"] == "hostedzone" else self.checks.get
        for resource_id in ids:
            find(resource_id)

    # -- record sets ---------------------------------------------------------------------------

    def _change_record_sets(self, _: str, params: Params) -> Result:
        zone = self.zone(params["HostedZoneId"])
        changes = [_without_absent(c) for c in params["ChangeBatch"]["Changes"]]
        current = self.record_sets(zone)
        ids = [c["Id"] for c in self.checks.all()]
        refused = validate.refusal(zone.resource_id, zone.name, current, changes, ids)
        if refused:
            raise Fault(refused.code, refused.message)
        for collection in record_sets.collections_of(changes):
            if collection not in self.collections:
                raise Fault("InvalidInput", f"CIDR collection {collection} does not exist")
        messages = record_sets.indivisible_ttl(changes, self._speed)
        if messages:
            raise Fault("InvalidChangeBatch", "[" + ", ".join(messages) + "]")
        made = {record_sets.key_of(r) for r in current if "TrafficPolicyInstanceId" in r}
        changed = [c["ResourceRecordSet"] for c in changes]
        if any("TrafficPolicyInstanceId" in r or record_sets.key_of(r) in made for r in changed):
            raise Fault("InvalidInput", "Records of a traffic policy change with its instance only")
        self.replace(zone, record_sets.applied(current, changes))
        change_id = "/change/C" + uuid.uuid4().hex[:20].upper()
        self._changes[change_id] = datetime.fromtimestamp(clock.now(), UTC)
        return {"ChangeInfo": self._change_info(change_id, "PENDING")}

    def _uses_collection(self, collection_id: str) -> bool:
        made = [{"ResourceRecordSet": r} for z in self.zones() for r in self.record_sets(z)]
        return collection_id in record_sets.collections_of(made)

    def change(self, zone: Any, action: str, record_set: RecordSet) -> None:
        """Add or take away the record set of a traffic policy instance.

        :raises Fault: InvalidInput: it conflicts with others of its name.
        """
        changes = [{"Action": action, "ResourceRecordSet": record_set}]
        current = self.record_sets(zone)
        refused = validate.refusal(zone.resource_id, zone.name, current, changes)
        if refused:
            raise Fault("InvalidInput", refused.message)
        self.replace(zone, record_sets.applied(current, changes))

    def replace(self, zone: Any, wanted: list[RecordSet]) -> None:
        """Make `wanted` the record sets of one of moto's zones."""
        self._record_sets[zone.resource_id] = wanted
        models = __import__("moto.route53.models", fromlist=["RecordSet"])
        zone.rrsets = [
            models.RecordSet(
                r | {"ResourceRecords": [v["Value"] for v in r.get("ResourceRecords", [])]}
            )
            for r in wanted
        ]

    def _list_record_sets(self, _: str, params: Params) -> Result:
        if params.get("StartRecordType") and not params.get("StartRecordName"):
            raise Fault("InvalidInput", "StartRecordType needs StartRecordName")
        if params.get("StartRecordIdentifier") and not params.get("StartRecordType"):
            raise Fault("InvalidInput", "StartRecordIdentifier needs StartRecordType")
        start = tuple(params.get(f"StartRecord{x}") for x in ("Name", "Type", "Identifier"))
        size = paging.size_of(params, most=RECORD_SETS_PAGE_SIZE)
        listed = self.record_sets(self.zone(params["HostedZoneId"]))
        items, following = record_sets.page(listed, (start[0], start[1], start[2]), size)
        result: Result = {
            "ResourceRecordSets": items,
            "IsTruncated": following is not None,
            "MaxItems": str(size),
        }
        if following:
            result |= {"NextRecordName": following["Name"], "NextRecordType": following["Type"]}
            if following.get("SetIdentifier"):
                result["NextRecordIdentifier"] = following["SetIdentifier"]
        return result

    def _get_change(self, _: str, params: Params) -> Result:
        change_id = "/change/" + params["Id"].rpartition("/")[2]
        if change_id in CHANGES_OF_ZONES:
            self._changes[change_id] = datetime.fromtimestamp(clock.now(), UTC)
        if change_id not in self._changes:
            raise Fault("NoSuchChange", f"Could not find resource with ID: {change_id}")
        return {"ChangeInfo": self._change_info(change_id, "INSYNC")}

    def _change_info(self, change_id: str, status: str) -> dict[str, Any]:
        return {"Id": change_id, "Status": status, "SubmittedAt": self._changes[change_id]}

    # -- health checks -------------------------------------------------------------------------

    def _create_check(self, _: str, params: Params) -> Result:
        check = self.checks.create(params["CallerReference"], params["HealthCheckConfig"])
        location = f"https://route53.amazonaws.com/2013-04-01/healthcheck/{check['Id']}"
        return {"HealthCheck": check, "Location": location}

    def _update_check(self, _: str, params: Params) -> Result:
        return {"HealthCheck": self.checks.update(params["HealthCheckId"], params)}

    def _delete_check(self, _: str, params: Params) -> Result:
        self.checks.delete(params["HealthCheckId"])
        self.health.pop(params["HealthCheckId"], None)
        return {}

    def _list_checks(self, _: str, params: Params) -> Result:
        size, marker = paging.size_of(params), params.get("Marker") or None
        checks, following = self.checks.page(marker, size)
        result: Result = {
            "HealthChecks": checks,
            "Marker": marker or "",
            "IsTruncated": following is not None,
            "MaxItems": str(size),
        }
        return result | ({"NextMarker": following} if following else {})

    def _status(self, _: str, params: Params) -> Result:
        check = self._with_observations(params["HealthCheckId"])
        health = self.health.get(check["Id"], {})
        seen = health.get("observations", [])
        if health.get("forced"):  # an operator's word, which is seen wherever a status is
            word = "Success" if health["healthy"] else "Failure"
            said = f"{word}: Forced by an operator of the lab; the checker observed: "
            return {"HealthCheckObservations": [_observation(o, said + o["status"]) for o in seen]}
        return {"HealthCheckObservations": [_observation(o, o["status"]) for o in seen]}

    def _last_failure(self, _: str, params: Params) -> Result:
        check = self._with_observations(params["HealthCheckId"])
        seen = self.health.get(check["Id"], {}).get("observations", [])
        failures = [self._failures.get((check["Id"], o["ip"])) for o in seen]
        return {
            "HealthCheckObservations": [
                _observation(failed, failed["status"]) if failed else _observation(o, _NO_FAILURE)
                for o, failed in zip(seen, failures, strict=True)
            ]
        }

    def _with_observations(self, check_id: str) -> dict[str, Any]:
        check = self.checks.get(check_id)
        kind = check["HealthCheckConfig"]["Type"]
        if kind == "CALCULATED":
            raise Fault("InvalidInput", f"The status of a {kind} health check is not available.")
        return check


def _without_absent(value: Any) -> Any:
    """`value` without the members that the request did not carry."""
    if isinstance(value, dict):
        return {k: _without_absent(v) for k, v in value.items() if v is not None}
    return [_without_absent(v) for v in value] if isinstance(value, list) else value


def _values(record: Any) -> list[str]:
    """The values of one of moto's records; the SOA of a new zone is Route 53's (SOA-NSrecords)."""
    return [DEFAULT_SOA] if record.type == "SOA" else [str(v) for v in record.records]


def _observation(seen: Mapping[str, Any], status: str) -> dict[str, Any]:
    """`status` begins with `Success: ` or `Failure: ` (API reference, GetHealthCheckStatus)."""
    return {
        "Region": seen["region"],
        "IPAddress": seen["ip"],
        "StatusReport": {
            "Status": status,
            "CheckedTime": datetime.fromtimestamp(seen["at"], UTC),
        },
    }
