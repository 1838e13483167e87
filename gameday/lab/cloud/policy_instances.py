"""Traffic policy instances: a policy's version at a name of a zone.

ListResourceRecordSets shows one record set with the instance's id; the name server gets the whole
tree. Source: Route 53 API reference, CreateTrafficPolicyInstance to DeleteTrafficPolicyInstance.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from gameday.lab.cloud import paging
from gameday.lab.cloud.own import Handler, Params, Result
from gameday.lab.cloud.record_sets import RecordSet, indivisible_ttl, normalized
from gameday.lab.cloud.traffic_policies import TrafficPolicies
from gameday.lab.cloud.wire import Fault
from gameday.route53 import traffic_policy

INSTANCES_MAX = 5

Instance = dict[str, Any]
"""One instance, as GetTrafficPolicyInstance shows it."""


class Zones(Protocol):
    """What instances need of the zones."""

    def zone(self, zone_id: str) -> Any:
        """The hosted zone.

        :raises Fault: NoSuchHostedZone.
        """

    def change(self, zone: Any, action: str, record_set: RecordSet) -> None:
        """Add or take away one record set.

        :raises Fault: Route 53 would refuse it.
        """


class PolicyInstances:
    """All instances by id, with the policies that they use."""

    def __init__(self, zones: Zones, speed: float) -> None:
        self._zones, self._speed = zones, speed
        self._all: dict[str, Instance] = {}
        self.policies = TrafficPolicies(self._uses)

    def handlers(self) -> dict[str, Handler]:
        """By operation name."""
        return self.policies.handlers() | {
            "CreateTrafficPolicyInstance": self._create,
            "GetTrafficPolicyInstance": lambda _, p: {"TrafficPolicyInstance": self._get(p["Id"])},
            "UpdateTrafficPolicyInstance": self._update,
            "DeleteTrafficPolicyInstance": self._delete,
            "GetTrafficPolicyInstanceCount": lambda _, p: {
                "TrafficPolicyInstanceCount": len(self._all)
            },
            "ListTrafficPolicyInstances": lambda _, p: self._list(p, lambda i: True),
            "ListTrafficPolicyInstancesByHostedZone": self._list_of_zone,
            "ListTrafficPolicyInstancesByPolicy": self._list_of_policy,
        }

    def record_sets(self, zone_id: str) -> Iterable[RecordSet]:
        """The record sets that the instances of a zone stand for."""
        for found in self._all.values():
            if found["HostedZoneId"] != zone_id:
                continue
            policy = self.policies.get(found["TrafficPolicyId"], found["TrafficPolicyVersion"])
            zone = normalized(self._zones.zone(zone_id).name)
            place = traffic_policy.Instance(
                found["Id"], zone_id, zone, found["Name"], int(found["TTL"])
            )
            yield from traffic_policy.records(traffic_policy.parse(policy["Document"]), place)

    def _uses(self, policy_id: str, version: int) -> bool:
        used = {(i["TrafficPolicyId"], i["TrafficPolicyVersion"]) for i in self._all.values()}
        return (policy_id, version) in used

    def _get(self, instance_id: str) -> Instance:
        if instance_id not in self._all:
            text = f"There is no traffic policy instance {instance_id}."
            raise Fault("NoSuchTrafficPolicyInstance", text)
        return self._all[instance_id]

    def _create(self, _: str, params: Params) -> Result:
        zone = self._zones.zone(params["HostedZoneId"])
        policy = self.policies.get(params["TrafficPolicyId"], params["TrafficPolicyVersion"])
        name, kind = normalized(params["Name"]), policy["Type"]
        where = (zone.resource_id, name, kind)
        if any(_order(i) == where for i in self._all.values()):
            text = f"There is a traffic policy instance for {name} {kind} already."
            raise Fault("TrafficPolicyInstanceAlreadyExists", text)
        if len(self._all) >= INSTANCES_MAX:
            text = f"An account has at most {INSTANCES_MAX} traffic policy instances."
            raise Fault("TooManyTrafficPolicyInstances", text)
        instance: Instance = {
            "Id": str(uuid.uuid4()),
            "HostedZoneId": zone.resource_id,
            "Name": name,
            "TTL": params["TTL"],
            "State": "Applied",
            "Message": "",
            "TrafficPolicyId": policy["Id"],
            "TrafficPolicyVersion": policy["Version"],
            "TrafficPolicyType": kind,
        }
        self._refuse_ttl(instance)
        self._zones.change(zone, "CREATE", _root(instance))
        self._all[instance["Id"]] = instance
        base = "https://route53.amazonaws.com/2013-04-01/trafficpolicyinstance/"
        shown = instance | {"State": "Creating"}
        return {"TrafficPolicyInstance": shown, "Location": base + instance["Id"]}

    def _update(self, _: str, params: Params) -> Result:
        instance = self._get(params["Id"])
        policy = self.policies.get(params["TrafficPolicyId"], params["TrafficPolicyVersion"])
        if policy["Type"] != instance["TrafficPolicyType"]:
            text = f"The instance is of type {instance['TrafficPolicyType']}, not {policy['Type']}."
            raise Fault("ConflictingTypes", text)
        self._refuse_ttl(instance | {"TTL": params["TTL"]})
        instance |= {
            "TTL": params["TTL"],
            "TrafficPolicyId": policy["Id"],
            "TrafficPolicyVersion": policy["Version"],
        }
        return {"TrafficPolicyInstance": instance}

    def _refuse_ttl(self, instance: Instance) -> None:
        made = {"Action": "CREATE", "ResourceRecordSet": _root(instance) | {"TTL": instance["TTL"]}}
        if messages := indivisible_ttl([made], self._speed):
            raise Fault("InvalidInput", messages[0])

    def _delete(self, _: str, params: Params) -> Result:
        instance = self._get(params["Id"])
        self._zones.change(self._zones.zone(instance["HostedZoneId"]), "DELETE", _root(instance))
        del self._all[instance["Id"]]
        return {}

    def _list_of_zone(self, _: str, params: Params) -> Result:
        zone = self._zones.zone(params["HostedZoneId"]).resource_id
        marked = params | {"HostedZoneIdMarker": zone}
        if not params.get("TrafficPolicyInstanceNameMarker"):
            marked["HostedZoneIdMarker"] = None
        return self._list(marked, lambda i: i["HostedZoneId"] == zone)

    def _list_of_policy(self, _: str, params: Params) -> Result:
        policy = self.policies.get(params["TrafficPolicyId"], params["TrafficPolicyVersion"])
        return self._list(
            params,
            lambda i: (
                (i["TrafficPolicyId"], i["TrafficPolicyVersion"])
                == (policy["Id"], policy["Version"])
            ),
        )

    def _list(self, params: Params, wanted: Callable[[Instance], bool]) -> Result:
        rows = sorted(filter(wanted, self._all.values()), key=_order)
        names = ("HostedZoneIdMarker", "TrafficPolicyInstanceNameMarker",
                 "TrafficPolicyInstanceTypeMarker")  # fmt: skip
        marker = tuple(params.get(n) or "" for n in names)
        size = paging.size_of(params)
        page, following = paging.from_marker(
            rows, [_order(r) for r in rows], marker if any(marker) else None, size
        )
        following_order = _order(rows[following]) if following is not None else ("", "", "")
        return {
            "TrafficPolicyInstances": page,
            "IsTruncated": following is not None,
            "MaxItems": str(size),
        } | dict(zip(names, following_order, strict=True))


def _order(instance: Instance) -> tuple[str, str, str]:
    return instance["HostedZoneId"], instance["Name"], instance["TrafficPolicyType"]


def _root(instance: Instance) -> RecordSet:
    return {
        "Name": instance["Name"],
        "Type": instance["TrafficPolicyType"],
        "TrafficPolicyInstanceId": instance["Id"],
    }
