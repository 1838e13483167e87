"""Whether Route 53 would accept a change batch. A batch is atomic: one bad change refuses all.

Pure: record sets are AWS's JSON. Existence is judged change by change in order, everything that
concerns several record sets on the state after the batch. Wording that Route 53 is known for is
kept; where no source quotes it, the message says the rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gameday.route53.record_data import name_problem, value_problem
from gameday.route53.validate_shape import shape_problem, values_of
from gameday.route53.zone import canonical
from gameday.route53.zone_rules import group_problems

Json = Mapping[str, Any]
Key = tuple[str, str, str]  # name, type, set identifier or ""

RECORDS_MAX, CHARACTERS_MAX = 1000, 32_000  # API_ChangeResourceRecordSets
VALUES_MAX = 400  # DNSLimitations
CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The error that Route 53 would answer."""

    code: str
    messages: tuple[str, ...]
    status: int = 400

    @property
    def message(self) -> str:
        """The text of the error; a change batch's messages stand in brackets."""
        text = ", ".join(self.messages)
        return f"[{text}]" if self.code == "InvalidChangeBatch" else text


def refusal(
    zone_id: str,
    zone_name: str,
    current: Iterable[Json],
    changes: Iterable[Json],
    health_checks: Collection[str] | None = None,
) -> Refusal | None:
    """Why Route 53 would refuse `changes` to a zone that holds `current`; None when it would not.

    `health_checks` are the ids that exist (None: do not look). Codes are InvalidInput,
    NoSuchHealthCheck (404) and InvalidChangeBatch.
    """
    batch = list(changes)
    if not batch:
        return Refusal("InvalidInput", ("Invalid request: The change batch holds no change",))
    for number, change in enumerate(batch, 1):
        if problem := shape_problem(number, change):
            return Refusal("InvalidInput", (problem,))
    for change in batch:
        check = change["ResourceRecordSet"].get("HealthCheckId")
        if change["Action"] == "DELETE":  # its check may have been deleted before it
            continue
        if check and health_checks is not None and check not in health_checks:
            text = f"No health check exists with the specified ID: {check}"
            return Refusal("NoSuchHealthCheck", (text,), 404)
    messages = tuple(_too_many(batch))
    if not messages:
        messages = tuple(dict.fromkeys(_Batch(zone_id, zone_name, current).problems(batch)))
    return Refusal("InvalidChangeBatch", messages) if messages else None


class _Batch:
    """The zone while a batch is tried on it."""

    def __init__(self, zone_id: str, zone_name: str, current: Iterable[Json]) -> None:
        self.zone_id = zone_id.rpartition("/")[2]
        self.zone = canonical(zone_name)
        self.state: dict[Key, Json] = {_key(r): r for r in current}
        self.groups: dict[str, dict[str, list[Json]]] = {}  # after the batch, by name and type
        self.had = {rtype for name, rtype, _ in self.state if name == self.zone}

    def problems(self, batch: list[Json]) -> Iterator[str]:
        yield from _twice(batch)
        touched: dict[Key, Json] = {}
        for change in batch:
            record = change["ResourceRecordSet"]
            found = list(self._of_change(change["Action"], record))
            yield from found
            if found:
                continue
            key = _key(record)
            if change["Action"] == "DELETE":
                del self.state[key]
                touched.pop(key, None)
            else:
                self.state[key] = touched[key] = record
        yield from self._apex()
        for (name, rtype, _), record in self.state.items():
            self.groups.setdefault(name, {}).setdefault(rtype, []).append(record)
        for key, record in touched.items():
            yield from self._of_neighbours(key, record)
            yield from self._of_alias(record)

    def _of_change(self, action: str, record: Json) -> Iterator[str]:
        """What is wrong with one change, given the zone before it."""
        name, rtype, _ = key = _key(record)
        if problem := name_problem(name):
            yield problem
            return
        if name != self.zone and not name.endswith("." + self.zone):
            yield f"RRSet with DNS name {name} is not permitted in zone {self.zone}"
            return
        there = self.state.get(key)
        if action == "CREATE" and there is not None:
            yield f"Tried to create resource record set {_named(record)} but it already exists"
        if action == "DELETE":
            if there is None:
                yield f"Tried to delete resource record set {_named(record)} but it was not found"
            elif _comparable(there) != _comparable(record):
                yield (
                    f"Tried to delete resource record set {_named(record)} but the values provided "
                    "do not match the current values"
                )
            return
        if rtype == "NS" and name.startswith("*."):
            yield f"RRSet of type NS with DNS name {name} is not permitted: wildcard NS records"
        yield from _value_problems(record)

    def _apex(self) -> Iterator[str]:
        """The zone's own NS and SOA cannot be taken away."""
        has = {rtype for name, rtype, _ in self.state if name == self.zone}
        elsewhere = any(t == "SOA" and n != self.zone for n, t, _ in self.state)
        if elsewhere or "SOA" in self.had - has:
            yield "A HostedZone must contain exactly one SOA record."
        if "NS" in self.had - has:
            yield "A HostedZone must contain at least one NS record for the zone itself."

    def _of_neighbours(self, key: Key, record: Json) -> Iterator[str]:
        """What is wrong with a record set beside the others of its name after the batch."""
        name, rtype, _ = key
        types = self.groups[name].keys()
        if rtype == "CNAME" and name == self.zone:
            yield (
                f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {name}"
            )
        elif rtype == "CNAME" and types != {"CNAME"}:
            yield (
                f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with "
                f"other records with the same DNS name in zone {self.zone}"
            )
        elif rtype != "CNAME" and "CNAME" in types:
            yield (
                f"RRSet of type {rtype} with DNS name {name} is not permitted because a "
                f"conflicting RRSet of type CNAME with the same DNS name already exists in zone "
                f"{self.zone}"
            )
        yield from group_problems(name, rtype, record, self.groups[name][rtype])

    def _of_alias(self, record: Json) -> Iterator[str]:
        alias = record.get("AliasTarget")
        if not alias:
            return
        target_zone = str(alias["HostedZoneId"]).rpartition("/")[2]
        health = alias.get("EvaluateTargetHealth") in (True, "true")
        if target_zone == CLOUDFRONT_ZONE and health:
            yield "EvaluateTargetHealth cannot be set to true for a CloudFront alias target"
        if target_zone != self.zone_id:
            return
        target, rtype = canonical(alias["DNSName"]), record["Type"]
        if rtype in ("NS", "SOA"):  # resource-record-sets-choosing-alias-non-alias
            yield f"An alias of type {rtype} to another record of the zone is not permitted"
        words = (
            f"Tried to create an alias that targets {target}, type {rtype} in zone {self.zone_id}"
        )
        if target != self.zone and not target.endswith("." + self.zone):
            yield f"{words}, but the alias target name does not lie within the target zone"
        if target == canonical(record["Name"]):
            yield f"{words}, but that is the record set itself"
        elif rtype not in self.groups.get(target, ()):
            yield f"{words}, but that target was not found"


def _value_problems(record: Json) -> Iterator[str]:
    values, rtype = values_of(record), record["Type"]
    for value in values:
        if problem := value_problem(rtype, value):
            yield f"Invalid Resource Record: '{problem}'"
    label = f"{_named(record)}"
    if len(set(values)) < len(values):
        yield f"Duplicate Resource Record in resource record set {label}"
    if rtype in ("CNAME", "SOA") and len(values) > 1:
        yield f"Resource record set {label} holds more than one resource record"
    if len(values) > VALUES_MAX:
        yield f"Resource record set {label} holds more than {VALUES_MAX} resource records"


def _too_many(batch: list[Json]) -> Iterator[str]:
    """The size of a batch; an UPSERT counts twice."""
    records = characters = 0
    for change in batch:
        factor = 2 if change["Action"] == "UPSERT" else 1
        values = values_of(change["ResourceRecordSet"])
        records += factor * max(1, len(values))
        characters += factor * sum(map(len, values))
    if records > RECORDS_MAX:
        yield f"Number of records limit of {RECORDS_MAX} exceeded."
    if characters > CHARACTERS_MAX:
        yield f"Number of characters limit of {CHARACTERS_MAX} exceeded."


def _twice(batch: list[Json]) -> Iterator[str]:
    """A record set may be in a batch once, or be deleted and created again."""
    actions: dict[Key, Counter[str]] = {}
    for change in batch:
        actions.setdefault(_key(change["ResourceRecordSet"]), Counter())[change["Action"]] += 1
    for (name, rtype, _), count in actions.items():
        if count.total() > 1 and count != {"DELETE": 1, "CREATE": 1}:
            action = next(a for a in ("UPSERT", "CREATE", "DELETE") if count[a])
            yield (
                "The request contains an invalid set of changes for a resource record set "
                f"'{action} {rtype} {name}'"
            )


def _key(record: Json) -> Key:
    return canonical(record["Name"]), record["Type"], record.get("SetIdentifier") or ""


def _named(record: Json) -> str:
    name, rtype, identifier = _key(record)
    suffix = f", set-identifier='{identifier}'" if identifier else ""
    return f"[name='{name}', type='{rtype}'{suffix}]"


def _comparable(record: Json) -> dict[str, Any]:
    """A record set so that two spellings of the same are equal."""
    found = {k: v for k, v in record.items() if v not in (None, False, [], {})}
    found["Name"] = canonical(record["Name"])
    if "TTL" in found:
        found["TTL"] = int(found["TTL"])
    if values := values_of(record):
        found["ResourceRecords"] = sorted(values)
    if alias := record.get("AliasTarget"):
        zone = str(alias["HostedZoneId"]).rpartition("/")[2]
        health = alias.get("EvaluateTargetHealth") in (True, "true")
        found["AliasTarget"] = (zone, canonical(alias["DNSName"]), health)
    return found
