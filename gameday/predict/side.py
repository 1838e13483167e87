"""Sides: the Regions (or endpoints) that a name's answers lead to, and the checks that watch each.

What answers says more than its label, and both say more than the records above; where none of them
names a Region, a side is what the name itself chooses between. A check watches what its own target
leads to; where that cannot be told, the side of the record that uses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from gameday.route53.answer import External
from gameday.route53.check import HealthCheck
from gameday.route53.exports import Routing
from gameday.route53.zone import Group, RecordSet, Zone, canonical

REGION = re.compile(r"(?<![a-z0-9])((?:us-gov|us|eu|ap|sa|ca|af|me|il|mx|cn)-[a-z]+-\d)(?![0-9])")
"""A Region's name inside a longer one, as in `d-1.execute-api.us-east-1.amazonaws.com`."""

SHARED = "a name that follows failover"
DEPTH_MAX = 8


def outside(name: str) -> External:
    """An alias target outside the zone has no address in an export: its name stands for it."""
    return External({"A": (name,), "AAAA": (name,)})


Key = tuple[str, str, str | None]


def key(record: RecordSet) -> Key:
    """What tells a record from every other of its zone."""
    return record.name, record.type, record.set_identifier


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """Records that are chosen one below the other: of the name asked first, what answers last."""

    records: tuple[RecordSet, ...]
    side: str

    @property
    def leaf(self) -> RecordSet:
        """The record that answers."""
        return self.records[-1]

    @property
    def guards(self) -> tuple[str, ...]:
        """The health checks of its records."""
        return tuple(r.health_check for r in self.records if r.health_check)


def paths(zone: Zone, group: Group) -> tuple[Path, ...]:
    """Every way through the zone from a group of records to what answers, with its side.

    Records that answer the same are lost together: without a Region's name they are one side.
    """
    found: list[Path] = []
    known: dict[frozenset[str], str] = {}
    for records, branch in _walk(zone, group, (), None):
        side = _region(records)
        if side is None:
            side = known.setdefault(answers(records[-1]), _endpoint(branch or records[-1]))
        found.append(Path(records, side))
    return tuple(found)


def _walk(
    zone: Zone, group: Group, above: tuple[RecordSet, ...], branch: RecordSet | None
) -> Iterator[tuple[tuple[RecordSet, ...], RecordSet | None]]:
    """Paths from the group down, each with its record at the first level that has a choice."""
    is_circle = bool(group) and group[0].name in {r.name for r in above}
    for record in group:
        chosen = branch or (record if len(group) > 1 else None)
        path = (*above, record)
        if is_circle or len(path) > DEPTH_MAX or is_leaf(zone, record):
            yield path, chosen
        else:
            yield from _walk(zone, _below(zone, record), path, chosen)


def is_leaf(zone: Zone, record: RecordSet) -> bool:
    """Whether the record answers by itself, not through another record of the zone."""
    if record.alias:
        return not zone.contains(record.alias.name)
    if record.type != "CNAME" or not record.values:
        return True
    target = canonical(record.values[0])
    return not zone.contains(target) or zone.owner(target) is None


def _below(zone: Zone, record: RecordSet) -> Group:
    """The records that `record` leads to."""
    if record.alias:
        name, rtype = record.alias.name, record.type
    else:
        name, rtype = zone.owner(canonical(record.values[0])) or "", "A"
    return zone.group(name, rtype) or zone.group(name, "CNAME")


def _region(records: Sequence[RecordSet]) -> str | None:
    """The Region that a path names, from what answers upwards."""
    for record in reversed(records):
        for text in (_target(record), record.region or "", record.set_identifier or ""):
            if found := REGION.search(text.lower()):
                return found[1]
    return None


def _endpoint(record: RecordSet) -> str:
    return record.set_identifier or _target(record).rstrip(".")


def _target(record: RecordSet) -> str:
    if record.alias:
        return record.alias.name
    return record.values[0] if record.values else ""


def answers(leaf: RecordSet) -> frozenset[str]:
    """The addresses or the name that a record answers, so written that equal ones are equal."""
    return frozenset({leaf.alias.name} if leaf.alias else map(_written, leaf.values))


def _written(target: str) -> str:
    try:
        return str(ip_address(target))
    except ValueError:
        return canonical(target)


def watched(routing: Routing, check: HealthCheck, among: Sequence[Path] = ()) -> str | None:
    """The side that an endpoint check probes: by the addresses or the name that answer there.

    `SHARED` where the name that it probes leads to several sides, and so follows failover itself.
    A Region that is none of the sides `among` is told, too; None where neither target nor zone say.
    """
    known: dict[str, dict[str, None]] = {}
    for path in among:
        for target in answers(path.leaf):
            known.setdefault(target, {})[path.side] = None
    name = canonical(check.fqdn) if check.fqdn and not check.ip else None
    reached = _probed(routing, name) if name else []
    for group in reached:
        if len({side for path in group for side in _met(path, known)}) > 1:
            return SHARED
    met = known.get(_written(check.target), {})
    if len(met) == 1:
        return next(iter(met))
    for side in (side for group in reached for path in group for side in _met(path, known)):
        if REGION.fullmatch(side) or any(path.side == side for path in among):
            return side
    labels = [_label(r) for r in routing.record_sets() if check.ip and check.ip in r.values]
    found = (REGION.search(text) for text in (*labels, (check.fqdn or "").lower()))
    return next((match[1] for match in found if match), None)


def _met(path: Path, known: Mapping[str, Iterable[str]]) -> set[str]:
    """The known sides that a path leads to, else its own."""
    return {side for target in answers(path.leaf) for side in known.get(target, ())} or {path.side}


def _probed(routing: Routing, name: str) -> list[tuple[Path, ...]]:
    """The paths from a name that a check probes, by type; none where no zone has it."""
    zone = routing.zones.find(name)
    owner = zone.owner(name) if zone else None
    if zone is None or owner is None:
        return []
    return [paths(zone, zone.group(owner, rtype)) for rtype in ("A", "AAAA", "CNAME")]


def _label(record: RecordSet) -> str:
    return f"{record.region or ''} {record.set_identifier or ''} {record.name}".lower()


def watchers(routing: Routing, found: Sequence[Path]) -> dict[str, str]:
    """The side of every health check that matters to the paths, by check id."""
    used: dict[str, str] = {}
    for path in found:
        for check_id in path.guards:
            used.setdefault(check_id, path.side)
    for check_id, side in list(used.items()):
        check = routing.checks.get(check_id)
        for child in check.children if check else ():
            used.setdefault(child, side)
    sides = {SHARED, *(path.side for path in found)}
    told = {}
    for check_id, side in used.items():
        check = routing.checks.get(check_id)
        if check is not None:
            where = watched(routing, check, found) if check.is_endpoint else None
            is_told = where in sides or (where and REGION.fullmatch(side))
            told[check_id] = where if where and is_told else side
    return told
