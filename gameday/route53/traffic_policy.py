"""Traffic policies: a document with a tree of rules, as the record sets that it stands for.

Every rule becomes a group of record sets; the start rule's group has the instance's own name, the
others hidden names below `<instance>.<zone>` that aliases lead to. Source: developer guide,
api-policies-traffic-policy-document-format. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gameday.errors import UsageError
from gameday.route53.record_data import value_problem
from gameday.route53.routing import ALIAS_LEVELS_MAX
from gameday.route53.zone_json import parse_record_set

Json = Mapping[str, Any]
Branch = dict[str, Any]

VERSIONS = ("2015-10-01", "2023-05-09")
RECORD_TYPES = ("A", "AAAA", "CAA", "CNAME", "MX", "PTR", "SPF", "SRV", "TXT")
ENDPOINT_TYPES = (
    "value", "cloudfront", "elastic-load-balancer", "application-load-balancer",
    "network-load-balancer", "elastic-beanstalk", "s3-website",
)  # fmt: skip
LISTS = {
    "geo": "Locations", "geoproximity": "GeoproximityLocations", "latency": "Regions",
    "multivalue": "Items", "weighted": "Items",
}  # fmt: skip
"""Where a rule's branches stand; those of failover are `Primary` and `Secondary`."""

AWS_ENDPOINT_ZONE = "ZAWSENDPOINT"
REGION_PREFIX = "aws:route53:"


class BadDocument(UsageError):
    """A traffic policy document that Route 53 would refuse; says where."""


@dataclass(frozen=True, slots=True)
class TrafficPolicy:
    """A document that has been found to be well-formed."""

    record_type: str
    start: tuple[str, str]  # Endpoint or Rule, and its id
    endpoints: Mapping[str, Json]
    rules: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Instance:
    """Where a policy is used."""

    id: str
    zone_id: str
    zone: str
    name: str
    ttl_s: int


def parse(text: str) -> TrafficPolicy:
    """The policy in a document.

    :raises BadDocument: one line with the place and what is wrong.
    """
    try:
        document = json.loads(text)
    except ValueError as e:
        raise BadDocument(f"the document is not JSON: {e}") from e
    _require(isinstance(document, dict), "the document is no object")
    version, rtype = document.get("AWSPolicyFormatVersion"), document.get("RecordType")
    _require(
        version in VERSIONS, f"AWSPolicyFormatVersion {version} is not {' or '.join(VERSIONS)}"
    )
    _require(rtype in RECORD_TYPES, f"RecordType {rtype} is not one of {', '.join(RECORD_TYPES)}")
    starts = [(kind, document[f"Start{kind}"]) for kind in ("Endpoint", "Rule")
              if document.get(f"Start{kind}")]  # fmt: skip
    _require(len(starts) == 1, "give exactly one of StartEndpoint and StartRule")
    _require(isinstance(starts[0][1], str), f"Start{starts[0][0]} is no name")
    endpoints, rules = _objects(document, "Endpoints"), _objects(document, "Rules")
    policy = TrafficPolicy(str(rtype), starts[0], endpoints, rules)
    for name, endpoint in endpoints.items():
        kind, value = endpoint.get("Type"), endpoint.get("Value") or ""
        _require(kind in ENDPOINT_TYPES, f"endpoint {name}: unknown Type {kind}")
        _require(isinstance(value, str) and bool(value), f"endpoint {name}: Value is missing")
        problem = value_problem(str(rtype), value) if kind == "value" else None
        _require(problem is None, f"endpoint {name}: {problem}")
    example = Instance("i", "Z", "example.", "www.example.", 60)
    try:
        _walk(policy, *starts[0], ())
        for record in records(policy, example):
            parse_record_set(record)
    except (TypeError, AttributeError) as e:
        raise BadDocument("a rule or a branch of one has not the form of its RuleType") from e
    except (UsageError, KeyError, ValueError) as e:
        what = f"{e.args[0]} is missing" if isinstance(e, KeyError) else str(e)
        raise BadDocument(what) from e
    return policy


def _objects(document: Json, member: str) -> Mapping[str, Json]:
    """The endpoints or the rules by name."""
    found = document.get(member) or {}
    well_formed = isinstance(found, dict) and all(isinstance(o, dict) for o in found.values())
    _require(well_formed, f"{member} is no object of objects")
    return found


def _require(holds: bool, problem: str) -> None:
    if not holds:
        raise BadDocument(problem)


def _walk(policy: TrafficPolicy, kind: str, name: str, above: tuple[str, ...]) -> None:
    """Every reference leads somewhere, no rule leads to itself, and the tree is not too deep."""
    if kind == "Endpoint":
        _require(name in policy.endpoints, f"there is no endpoint {name}")
        deep = policy.endpoints[name]["Type"] != "value" and len(above) > ALIAS_LEVELS_MAX
        _require(not deep, f"endpoint {name}: an alias below {len(above)} rules is too deep")
        return
    _require(name in policy.rules, f"there is no rule {name}")
    _require(name not in above, f"rule {name} leads to itself")
    _require(
        len(above) <= ALIAS_LEVELS_MAX, f"rule {name}: more than {ALIAS_LEVELS_MAX + 1} rules deep"
    )
    rule = policy.rules[name]
    branches = _branches(name, rule)
    _require(bool(branches), f"rule {name} has no branch")
    for branch in branches:
        _require(
            bool(branch.get("EndpointReference")) != bool(branch.get("RuleReference")),
            f"rule {name}: a branch has exactly one of EndpointReference and RuleReference",
        )
        multivalue = rule.get("RuleType") == "multivalue"
        _require(
            not (multivalue and branch.get("RuleReference")),
            f"rule {name}: a multivalue item refers to an endpoint",
        )
        _walk(policy, *_reference(branch), (*above, name))


def _branches(name: str, rule: Json) -> list[Branch]:
    kind = rule.get("RuleType")
    if kind == "failover":
        return [
            {**rule[place], "Failover": place.upper()}
            for place in ("Primary", "Secondary")
            if rule.get(place)
        ]
    _require(kind in LISTS, f"rule {name}: unknown RuleType {kind}")
    found: list[Branch] = rule.get(LISTS[str(kind)]) or []
    return found


def _reference(branch: Branch) -> tuple[str, str]:
    if branch.get("RuleReference"):
        return "Rule", str(branch["RuleReference"])
    return "Endpoint", str(branch["EndpointReference"])


def records(policy: TrafficPolicy, instance: Instance) -> Iterator[Branch]:
    """The record sets, in AWS's JSON, that the policy stands for at an instance."""
    kind, first = policy.start
    if kind == "Endpoint":
        yield _record(policy, instance, instance.name) | _endpoint(policy, instance, first, {})
        return
    names = {first: instance.name}
    waiting = [first]
    while waiting:
        rule_id = waiting.pop()
        rule = policy.rules[rule_id]
        for number, branch in enumerate(_branches(rule_id, rule), 1):
            record = _record(policy, instance, names[rule_id])
            record |= {"SetIdentifier": f"{rule_id}-{number}"} | _policy(rule["RuleType"], branch)
            if branch.get("HealthCheck"):
                record["HealthCheckId"] = branch["HealthCheck"]
            where, name = _reference(branch)
            if where == "Endpoint":
                yield record | _endpoint(policy, instance, name, branch)
                continue
            if name not in names:
                names[name] = f"r{len(names)}.{instance.id}.{instance.zone}"
                waiting.append(name)
            yield record | _alias(instance.zone_id, names[name], branch)


def _record(policy: TrafficPolicy, instance: Instance, name: str) -> Branch:
    return {"Name": name, "Type": policy.record_type}


def _endpoint(policy: TrafficPolicy, instance: Instance, name: str, branch: Branch) -> Branch:
    endpoint = policy.endpoints[name]
    if endpoint["Type"] == "value":
        return {"TTL": instance.ttl_s, "ResourceRecords": [{"Value": str(endpoint["Value"])}]}
    return _alias(AWS_ENDPOINT_ZONE, str(endpoint["Value"]), branch)


def _alias(zone_id: str, name: str, branch: Branch) -> Branch:
    health = branch.get("EvaluateTargetHealth") in (True, "true")
    target = {"HostedZoneId": zone_id, "DNSName": name, "EvaluateTargetHealth": health}
    return {"AliasTarget": target}


def _policy(kind: str, branch: Branch) -> Branch:
    """The member of a record set that makes it the branch of a rule."""
    match kind:
        case "failover":
            return {"Failover": branch["Failover"]}
        case "latency":
            return {"Region": branch["Region"]}
        case "multivalue":
            return {"MultiValueAnswer": True}
        case "weighted":
            weight = int(branch["Weight"])
            _require(0 <= weight <= 255, f"Weight {weight} is not within 0..255")
            return {"Weight": weight}
        case "geo":
            return {"GeoLocation": _location(branch)}
    return {"GeoProximityLocation": _proximity(branch)}


def _location(branch: Branch) -> Branch:
    if branch.get("IsDefault") in (True, "true"):
        return {"CountryCode": "*"}
    names = {"Continent": "ContinentCode", "Country": "CountryCode",
             "Subdivision": "SubdivisionCode"}  # fmt: skip
    found = {code: branch[member] for member, code in names.items() if branch.get(member)}
    _require(bool(found), "a location is IsDefault, or has Continent, Country or Subdivision")
    return found


def _proximity(branch: Branch) -> Branch:
    """2023-05-09 puts the place into `Location`."""
    place = branch.get("Location") or branch
    found: Branch = {"Bias": int(branch.get("Bias") or 0)}
    if place.get("Region"):
        return found | {"AWSRegion": str(place["Region"]).removeprefix(REGION_PREFIX)}
    where = {"Latitude": str(place["Latitude"]), "Longitude": str(place["Longitude"])}
    return found | {"Coordinates": where}
