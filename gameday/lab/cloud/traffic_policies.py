"""Traffic policies and their versions, as the control plane keeps them.

Sources: Route 53 API reference, CreateTrafficPolicy to DeleteTrafficPolicy; DNSLimitations.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from gameday.lab.cloud import paging
from gameday.lab.cloud.own import Handler, Params, Result
from gameday.lab.cloud.wire import Fault
from gameday.route53 import traffic_policy

POLICIES_MAX, VERSIONS_MAX = 50, 1000

Policy = dict[str, Any]
"""One version, as GetTrafficPolicy shows it."""


class TrafficPolicies:
    """All policies by id, then by version. `in_use(id, version)`: whether an instance needs it."""

    def __init__(self, in_use: Callable[[str, int], bool]) -> None:
        self._in_use = in_use
        self._all: dict[str, dict[int, Policy]] = {}
        self._latest: dict[str, int] = {}

    def handlers(self) -> dict[str, Handler]:
        """By operation name."""
        return {
            "CreateTrafficPolicy": self._create,
            "CreateTrafficPolicyVersion": self._create_version,
            "GetTrafficPolicy": lambda _, p: {"TrafficPolicy": self.get(p["Id"], p["Version"])},
            "UpdateTrafficPolicyComment": self._comment,
            "DeleteTrafficPolicy": self._delete,
            "ListTrafficPolicies": self._list,
            "ListTrafficPolicyVersions": self._list_versions,
        }

    def get(self, policy_id: str, version: int) -> Policy:
        """One version of a policy.

        :raises Fault: NoSuchTrafficPolicy.
        """
        found = self._all.get(policy_id, {}).get(int(version))
        if found is None:
            text = f"There is no version {version} of traffic policy {policy_id}."
            raise Fault("NoSuchTrafficPolicy", text)
        return found

    def _create(self, _: str, params: Params) -> Result:
        if any(v["Name"] == params["Name"] for vs in self._all.values() for v in vs.values()):
            text = f"A traffic policy named {params['Name']} already exists."
            raise Fault("TrafficPolicyAlreadyExists", text)
        if len(self._all) >= POLICIES_MAX:
            text = f"An account has at most {POLICIES_MAX} traffic policies."
            raise Fault("TooManyTrafficPolicies", text)
        return self._keep(str(uuid.uuid4()), params["Name"], params)

    def _create_version(self, _: str, params: Params) -> Result:
        versions = self._versions(params["Id"])
        if len(versions) >= VERSIONS_MAX:
            text = f"A traffic policy has at most {VERSIONS_MAX} versions."
            raise Fault("TooManyTrafficPolicyVersionsForCurrentPolicy", text)
        name = next(iter(versions.values()))["Name"]
        return self._keep(params["Id"], name, params)

    def _keep(self, policy_id: str, name: str, params: Params) -> Result:
        try:
            parsed = traffic_policy.parse(params["Document"])
        except traffic_policy.BadDocument as error:
            raise Fault("InvalidTrafficPolicyDocument", str(error)) from error
        version = self._latest.get(policy_id, 0) + 1
        policy: Policy = {
            "Id": policy_id,
            "Version": version,
            "Name": name,
            "Type": parsed.record_type,
            "Document": params["Document"],
        }
        if params.get("Comment"):
            policy["Comment"] = params["Comment"]
        self._all.setdefault(policy_id, {})[version] = policy
        self._latest[policy_id] = version
        location = f"https://route53.amazonaws.com/2013-04-01/trafficpolicy/{policy_id}/{version}"
        return {"TrafficPolicy": policy, "Location": location}

    def _comment(self, _: str, params: Params) -> Result:
        policy = self.get(params["Id"], params["Version"])
        policy["Comment"] = params["Comment"]
        return {"TrafficPolicy": policy}

    def _delete(self, _: str, params: Params) -> Result:
        policy = self.get(params["Id"], params["Version"])
        if self._in_use(policy["Id"], policy["Version"]):
            text = "A traffic policy instance uses this version of the traffic policy."
            raise Fault("TrafficPolicyInUse", text)
        versions = self._all[policy["Id"]]
        del versions[policy["Version"]]
        if not versions:
            del self._all[policy["Id"]]
        return {}

    def _versions(self, policy_id: str) -> dict[int, Policy]:
        if policy_id not in self._all:
            raise Fault("NoSuchTrafficPolicy", f"There is no traffic policy {policy_id}.")
        return self._all[policy_id]

    def _list(self, _: str, params: Params) -> Result:
        rows = [
            {
                "Id": policy_id,
                "Name": versions[max(versions)]["Name"],
                "Type": versions[max(versions)]["Type"],
                "LatestVersion": max(versions),
                "TrafficPolicyCount": len(versions),
            }
            for policy_id, versions in sorted(self._all.items())
        ]
        marker = params.get("TrafficPolicyIdMarker") or None
        size = paging.size_of(params)
        page, following = paging.from_marker(rows, [r["Id"] for r in rows], marker, size)
        return {
            "TrafficPolicySummaries": page,
            "IsTruncated": following is not None,
            "TrafficPolicyIdMarker": rows[following]["Id"] if following is not None else "",
            "MaxItems": str(size),
        }

    def _list_versions(self, _: str, params: Params) -> Result:
        versions = sorted(self._versions(params["Id"]).items())
        given, size = params.get("TrafficPolicyVersionMarker"), paging.size_of(params)
        if given and not str(given).isdecimal():
            raise Fault("InvalidInput", f"{given} is not a version.")
        keys = [number for number, _policy in versions]
        page, following = paging.from_marker(versions, keys, int(given) if given else None, size)
        return {
            "TrafficPolicies": [policy for _number, policy in page],
            "IsTruncated": following is not None,
            "TrafficPolicyVersionMarker": str(keys[following]) if following is not None else "",
            "MaxItems": str(size),
        }
