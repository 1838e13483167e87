"""What the name server would say now, precompiled: one plan per question and client network.

A plan holds every reply that chance can give with its exact probability, so weighted routing stays
exact although nothing is computed per query. Each state of health has an epoch of its own, and its
plans are kept: what flaps is compiled once. They live until the zones change.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, count
from typing import Any

import dns.rdatatype

from gameday.lab import dns_wire
from gameday.lab.log import log
from gameday.route53 import routing
from gameday.route53.answer import Answer, Externals
from gameday.route53.client import Client
from gameday.route53.routing import ALIAS_LEVELS_MAX
from gameday.route53.zone import Zone, Zones
from gameday.route53.zone_json import parse_zones

PLANS_MAX = 20_000
EPOCHS_MAX = 100
WATCHED_TYPES = ("A", "AAAA", "CNAME")


Watched = tuple[str, str]  # name and type
Key = tuple[str, str, str]  # name, type and network


@dataclass(frozen=True, slots=True)
class Plan:
    """The possible replies to one question of one network; empty: draw for every query."""

    replies: tuple[dns_wire.Reply, ...]
    cumulative: tuple[float, ...]
    by_client: bool
    values: tuple[str, ...] = ()
    """Every value that the replies may hold, sorted."""


@dataclass(frozen=True, slots=True)
class Change:
    """A name's answer for one network is no longer what it was."""

    name: str
    type: str
    network: str
    was: tuple[str, ...]
    now: tuple[str, ...]


class Answers:
    """The zones, the health of their checks, and the plans that follow from both."""

    def __init__(
        self, clients: Iterable[Client], externals: Externals, speed: float, rng: random.Random
    ) -> None:
        self.clients = list(clients) or [Client()]
        self.externals, self.rng = externals, rng
        self.ttl_of = dns_wire.TtlOf(speed)
        self.zones = Zones()
        self.health: dict[str, bool] = {}
        self.epoch = 0
        """The number of the present state of the zones and of health."""
        self._numbers = count(1)
        self._epochs: dict[frozenset[tuple[str, bool]], int] = {}
        self._plans: dict[tuple[int, Any, bytes], Plan] = {}
        self._watched: dict[Watched, frozenset[str]] = {}
        self._said: dict[Key, tuple[str, ...]] = {}
        self._warned: set[tuple[str, int]] = set()

    def load(self, body: Mapping[str, Any]) -> Iterator[Change | None]:
        """Take over a snapshot; what changed in the answers, as `_examine` says it.

        :raises UsageError: a record set is malformed; the former zones go on answering.
        """
        self.zones = parse_zones(body)
        for zone in self.zones.by_name.values():
            self._warn_of_rounded_ttls(zone)
        gone = self._watched
        self._watched = dict(_watched(self.zones))
        self._forget()
        return self._examine(sorted(gone.keys() | self._watched.keys()))

    def set_health(self, health: Mapping[str, bool]) -> Iterator[Change | None]:
        """Take over the health of some checks; what changed in the answers."""
        changed = {c for c, ok in health.items() if self.health.get(c) is not ok}
        if not changed:
            return iter(())
        self.health.update(health)
        self._enter_epoch()
        return self._examine([n for n, checks in self._watched.items() if checks & changed])

    def externals_changed(self) -> Iterator[Change | None]:
        """Take over what `externals` finds now; what changed in the answers."""
        self._forget()
        return self._examine(list(self._watched))

    def reply(self, client: Client, question: bytes) -> tuple[dns_wire.Reply, bool]:
        """The reply to a question in wire form, and whether it depends on the client."""
        plan = self.plan(client, question)
        if not plan.replies:
            given = self._ask(question, client)
            turn = self.rng.randrange(_turns(given))
            return self._write(given, dns_wire.read_name(question), turn), plan.by_client
        if len(plan.replies) == 1:
            return plan.replies[0], plan.by_client
        return plan.replies[bisect_right(plan.cumulative, self.rng.random())], plan.by_client

    def plan(self, client: Client, question: bytes) -> Plan:
        """The plan for a question in wire form, whatever the case of its letters."""
        where = (client.network, client.prefix) if self.zones.collections else client.network
        lower = question[:-4].lower() + question[-4:]
        plan = self._plans.get((self.epoch, where, lower))
        if plan is None:
            if len(self._plans) >= PLANS_MAX:
                self._forget()
            plan = self._plans[self.epoch, where, lower] = self._compile(client, question)
        return plan

    def _compile(self, client: Client, question: bytes) -> Plan:
        name, rtype = dns_wire.read_name(question), _type_of(question)
        possible = routing.outcomes(self.zones, name, rtype, client, self.health, self.externals)
        if possible is None:
            return Plan((), (), self._ask(question, client).by_client)
        replies, shares = [], []
        for outcome in possible:
            turns = _turns(outcome.answer)
            for turn in range(turns):
                replies.append(self._write(outcome.answer, name, turn))
                shares.append(outcome.probability / turns)
        cumulative = (*tuple(accumulate(shares))[:-1], 1.0)
        by_client = any(o.answer.by_client for o in possible)
        values = {v for o in possible for r in o.answer.records for v in r.values}
        return Plan(tuple(replies), cumulative, by_client, tuple(sorted(values)))

    def _ask(self, question: bytes, client: Client) -> Answer:
        name, rtype = dns_wire.read_name(question), _type_of(question)
        return routing.answer(
            self.zones, name, rtype, client, self.health, self.rng, self.externals
        )

    def _write(self, answer: Answer, name: str, turn: int) -> dns_wire.Reply:
        return dns_wire.write_reply(answer, name, self.ttl_of, turn)

    def _forget(self) -> None:
        """Drop every plan."""
        self._epochs.clear()
        self._plans.clear()
        self._enter_epoch()

    def _enter_epoch(self) -> None:
        """Go to the epoch of the present state of health, whose plans may be there already."""
        state = frozenset(self.health.items())
        if state not in self._epochs:
            if len(self._epochs) >= EPOCHS_MAX:
                self._epochs.clear()
                self._plans.clear()
            self._epochs[state] = next(self._numbers)
        self.epoch = self._epochs[state]

    def _examine(self, names: list[Watched]) -> Iterator[Change | None]:
        """One name and network a step, whose plan it makes; None where all is as it was.

        In steps, because a query that comes meanwhile must not wait for all of them.
        """
        for name, rtype in names:
            question = _question(name, rtype)
            for client in self.clients:
                key = (name, rtype, client.network)
                watched = (name, rtype) in self._watched
                now = self.plan(client, question).values if watched else ()
                was = self._said.pop(key, ())
                if now:
                    self._said[key] = now
                yield Change(*key, was, now) if was != now else None

    def _warn_of_rounded_ttls(self, zone: Zone) -> None:
        """Once for each; NS and SOA are left out, because nobody's failover waits for them."""
        for record in zone.record_sets():
            odd = record.alias is None and self.ttl_of.rounds(record.ttl_s)
            told = (record.label, record.ttl_s)
            if odd and record.type not in ("NS", "SOA") and told not in self._warned:
                self._warned.add(told)
                log.warning(
                    "%s: TTL %d s is served as %d s of wall time at speed %g",
                    record.label, record.ttl_s, self.ttl_of(record.ttl_s), self.ttl_of.speed,
                )  # fmt: skip


def _watched(zones: Zones) -> Iterator[tuple[Watched, frozenset[str]]]:
    """Names with a policy, a check or an alias, and the checks that their answers depend on."""
    for zone in zones.by_name.values():
        for name, types in zone.groups.items():
            for rtype in WATCHED_TYPES:
                group = types.get(rtype, ())
                if any(r.policy != "simple" or r.alias or r.health_check for r in group):
                    yield (name, rtype), _checks_behind(zone, name, rtype)


def _checks_behind(zone: Zone, name: str, rtype: str, level: int = 0) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for record in zone.group(name, rtype):
        if record.health_check:
            found |= {record.health_check}
        if record.alias and level < ALIAS_LEVELS_MAX and zone.contains(record.alias.name):
            found |= _checks_behind(zone, record.alias.name, rtype, level + 1)
    return found


def _question(name: str, rtype: str) -> bytes:
    kind = dns.rdatatype.from_text(rtype).to_bytes(2, "big")
    return dns_wire.wire_name(name) + kind + dns_wire.CLASS_IN.to_bytes(2, "big")


def _type_of(question: bytes) -> str:
    kind = int.from_bytes(question[-4:-2], "big")
    return (
        "ANY"
        if kind == dns_wire.TYPE_ANY
        else dns.rdatatype.to_text(dns.rdatatype.RdataType.make(kind))
    )


def _turns(answer: Answer) -> int:
    """How many orders the last record set is answered in: its addresses, rotated."""
    last = answer.records[-1] if answer.records else None
    return len(last.values) if last and last.type in ("A", "AAAA") and len(last.values) <= 8 else 1
