"""A question, a client and the health of the checks in; Route 53's answer and the path to it out.

Pure: the lab's DNS server, `dns answer` and the predictor call the same function. Aliases, health
of alias targets and fail-open follow health-checks-how-route-53-chooses-records; names follow
DomainNameFormat, DNSBehavior and SOA-NSrecords.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gameday.route53 import policy
from gameday.route53.answer import Answer, Externals, Outcome, Rrset, Step, no_externals
from gameday.route53.client import Client
from gameday.route53.zone import Group, RecordSet, Zone, Zones, canonical

ALIAS_LEVELS_MAX = 3
CNAME_HOPS_MAX = 8
OUTCOMES_MAX = 256
ANY_TTL_S = 3789  # RFC 8482's example


def answer(
    zones: Zones,
    name: str,
    rtype: str,
    client: Client,
    health: Mapping[str, bool],
    rng: random.Random,
    externals: Externals = no_externals,
) -> Answer:
    """The answer to one query, and the path to it.

    `health` maps health check ids to healthy; a check that is not in it counts as healthy. The
    rcode is REFUSED for a name in no zone, SERVFAIL for aliases nested more than three deep. ANY
    gets one HINFO (RFC 8482): what Route 53 answers is undocumented.
    """

    def draw(weights: Sequence[float]) -> int:
        return rng.choices(range(len(weights)), weights)[0]

    return _Walk(zones, client, health, externals, draw).answer(canonical(name), rtype)


def outcomes(
    zones: Zones,
    name: str,
    rtype: str,
    client: Client,
    health: Mapping[str, bool],
    externals: Externals = no_externals,
    most: int = OUTCOMES_MAX,
) -> tuple[Outcome, ...] | None:
    """Every answer that chance can give with its exact probability; None when over `most`."""
    found: list[Outcome] = []
    script: list[int] | None = []
    known: Known = {}
    while script is not None:
        draws = _Script(script)
        walk = _Walk(zones, client, health, externals, draws, known)
        given = walk.answer(canonical(name), rtype)
        found.append(Outcome(draws.probability, given))
        if len(found) > most:
            return None
        script = draws.following()
    return tuple(found)


@dataclass(slots=True)
class _Script:
    """Draws what it is told, then always the first; knows which script comes next."""

    given: Sequence[int]
    drawn: list[tuple[int, int]] = field(default_factory=list)  # index, of how many
    probability: float = 1.0

    def __call__(self, weights: Sequence[float]) -> int:
        at = len(self.drawn)
        index = self.given[at] if at < len(self.given) else 0
        self.drawn.append((index, len(weights)))
        self.probability *= weights[index] / sum(weights)
        return index

    def following(self) -> list[int] | None:
        """The next script in counting order; None after the last."""
        drawn = list(self.drawn)
        while drawn:
            index, count = drawn.pop()
            if index + 1 < count:
                return [*(i for i, _ in drawn), index + 1]
        return None


class _TooDeep(Exception):
    """Aliases are nested more than three deep."""


Known = dict[tuple[RecordSet, int], tuple[str | None, bool]]
"""Why a record is unhealthy at a level of aliases, and whether that depends on the client."""


@dataclass(slots=True)
class _Walk:
    """One query on its way through the zones. `known` may be shared by queries that are alike."""

    zones: Zones
    client: Client
    health: Mapping[str, bool]
    externals: Externals
    draw: policy.Choose
    known: Known = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    by_client: bool = False

    def answer(self, name: str, rtype: str) -> Answer:
        try:
            given = self._resolve(name, rtype, ())
        except _TooDeep:
            given = Answer("SERVFAIL", authoritative=False)
        return Answer(
            given.rcode, given.records, given.authority, given.additional, given.authoritative,
            self.by_client, tuple(self.steps),
        )  # fmt: skip

    def _resolve(self, name: str, rtype: str, before: tuple[Rrset, ...]) -> Answer:
        """The answer for `name`; `before` are the CNAMEs that led to it."""
        zone = self.zones.find(name)
        if zone is not None and rtype == "DS" and zone.name == name:
            zone = self.zones.find(name.partition(".")[2]) or zone  # RFC 4035, section 3.1.4.1
        if zone is None:
            return self._outside(name, rtype, before)
        cut = zone.cut(name)
        if cut and not (rtype == "DS" and cut[0].name == name):
            return self._referral(zone, cut[0], before)
        owner = zone.owner(name)
        if owner is None:
            return _negative(zone, "NXDOMAIN", before)
        if rtype == "ANY":
            return Answer("NOERROR", (Rrset(name, "HINFO", ANY_TTL_S, ('"RFC8482" ""',)),))
        actual = rtype
        if not zone.group(owner, rtype) and zone.group(owner, "CNAME"):
            actual = "CNAME"
        found = self._select(zone, owner, actual, 0)
        if found is None:
            return _negative(zone, "NOERROR", before)
        ttl_s, values = found
        records = (*before, Rrset(name, actual, ttl_s, values))
        if actual != rtype:
            return self._chase(zone, canonical(values[0]), rtype, records)
        additional = self._targets(zone, actual, values)
        return Answer("NOERROR", records, _name_servers(zone, name, rtype), additional)

    def _chase(self, zone: Zone, target: str, rtype: str, records: tuple[Rrset, ...]) -> Answer:
        """What the CNAME leads to; a resolver goes on by itself from one that leads in a circle."""
        known = self.zones.find(target) is not None or self.externals(target) is not None
        circle = any(record.name == target for record in records)
        if not known or circle or len(records) > CNAME_HOPS_MAX:
            return Answer("NOERROR", records, _name_servers(zone, "", ""))
        return self._resolve(target, rtype, records)

    def _outside(self, name: str, rtype: str, before: tuple[Rrset, ...]) -> Answer:
        target = self.externals(name)
        if target is None:
            return Answer("REFUSED", authoritative=False)
        values = target.addresses.get(rtype, ())
        records = (Rrset(name, rtype, target.ttl_s, values),) if values else ()
        return Answer("NOERROR", before + records)

    def _referral(self, zone: Zone, cut: RecordSet, before: tuple[Rrset, ...]) -> Answer:
        glue = self._targets(zone, "NS", cut.values)
        servers = Rrset(cut.name, "NS", cut.ttl_s, cut.values)
        return Answer("NOERROR", before, (servers,), glue, authoritative=bool(before))

    def _targets(self, zone: Zone, rtype: str, values: tuple[str, ...]) -> tuple[Rrset, ...]:
        """Addresses of the hosts that NS, MX and SRV values name, where this zone knows them."""
        if rtype not in ("NS", "MX", "SRV"):
            return ()
        found = []
        for host in dict.fromkeys(canonical(value.split()[-1]) for value in values):
            for kind in ("A", "AAAA"):
                if selected := self._select(zone, host, kind, 0):
                    found.append(Rrset(host, kind, *selected))
        return tuple(found)

    def _select(
        self, zone: Zone, owner: str, rtype: str, level: int
    ) -> tuple[int, tuple[str, ...]] | None:
        """TTL and values that the group of `owner` and `rtype` answers; None for no answer."""
        group = zone.group(owner, rtype)
        if not group:
            return None
        self.by_client |= group[0].policy in policy.BY_CLIENT
        candidates = policy.applicable(group, self.client, self.zones.collections)
        health = {r: self._why_unhealthy(zone, r, level) for r in candidates}
        pool = tuple(r for r in candidates if health[r] is None) or candidates
        chosen: Group = ()
        if pool:
            chosen = policy.choose(pool, self.client, self.zones.collections, self.draw)
        self._note(group, health, chosen)
        parts = [self._values(zone, r, level) for r in chosen]
        found = [p for p in parts if p and p[1]]
        if not found:
            return None
        values = dict.fromkeys(v for _, values in found for v in values)  # each once: RFC 2181
        return min(ttl_s for ttl_s, _ in found), tuple(values)

    def _values(
        self, zone: Zone, record: RecordSet, level: int
    ) -> tuple[int, tuple[str, ...]] | None:
        if record.alias is None:
            return record.ttl_s, record.values
        if zone.contains(record.alias.name):
            if level >= ALIAS_LEVELS_MAX:
                raise _TooDeep
            return self._select(zone, record.alias.name, record.type, level + 1)
        target = self.externals(record.alias.name)
        return (target.ttl_s, target.addresses.get(record.type, ())) if target else None

    def _why_unhealthy(self, zone: Zone, record: RecordSet, level: int) -> str | None:
        """As `_judged`, once for each record and level."""
        asked = (record, level)
        if asked not in self.known:
            before, self.by_client = self.by_client, False
            self.known[asked] = self._judged(zone, record, level), self.by_client
            self.by_client |= before
        why, by_client = self.known[asked]
        self.by_client |= by_client
        return why

    def _judged(self, zone: Zone, record: RecordSet, level: int) -> str | None:
        """Why a record counts as unhealthy, None when it is healthy.

        Both its health check and, with EvaluateTargetHealth, its target must be healthy; a record
        with neither is healthy for ever (dns-failover-complex-configs).
        """
        if record.health_check and not self.health.get(record.health_check, True):
            return f"health check {record.health_check} is unhealthy"
        alias = record.alias
        if alias is None or not alias.evaluate_target_health:
            return None
        if zone.contains(alias.name):
            if level >= ALIAS_LEVELS_MAX:
                return "aliases are nested more than three deep"
            group = zone.group(alias.name, record.type)
            if group:
                self.by_client |= group[0].policy in policy.BY_CLIENT
            relevant = policy.applicable(group, self.client, self.zones.collections)
            if any(self._why_unhealthy(zone, r, level + 1) is None for r in relevant):
                return None
            return f"no healthy record behind alias target {alias.name}"
        target = self.externals(alias.name)
        return None if target and target.healthy else f"alias target {alias.name} is unhealthy"

    def _note(self, group: Group, health: Mapping[RecordSet, str | None], chosen: Group) -> None:
        open_to_all = bool(health) and all(health.values())
        for record in group:
            unhealthy = health.get(record)
            why = policy.explain(record, self.client)
            if record not in health:
                why = f"does not apply to {self.client.network}: {why}"
            elif unhealthy and open_to_all:
                why = f"{unhealthy}, and so is every other, so all count as healthy; {why}"
            elif unhealthy:
                why = unhealthy
            self.steps.append(
                Step(
                    record.name, record.type, record.set_identifier, record in chosen,
                    unhealthy is None, why,
                )
            )  # fmt: skip


def _negative(zone: Zone, rcode: str, before: tuple[Rrset, ...]) -> Answer:
    """Nothing there: the SOA, with the time for which a resolver may remember it."""
    soa = Rrset(zone.name, "SOA", zone.negative_ttl_s(), (zone.soa()[0],))
    return Answer(rcode, before, (soa,))


def _name_servers(zone: Zone, name: str, rtype: str) -> tuple[Rrset, ...]:
    """The zone's NS set for the authority section, unless it is the answer already."""
    if (name, rtype) == (zone.name, "NS"):
        return ()
    return tuple(
        Rrset(zone.name, "NS", r.ttl_s, r.values) for r in zone.group(zone.name, "NS") if r.values
    )
