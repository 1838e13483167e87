"""Does what is predicted of a loss hold for any records and checks that are drawn?"""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from route53_exports import (
    IP,
    NAME,
    REGIONS,
    a,
    alias,
    checks,
    probe,
    view,
    zone,
)

from gameday.predict.model import Settings
from gameday.predict.takeover import lose, turn_red
from gameday.predict.way import ways
from gameday.route53 import health
from gameday.route53.routing import answer

US, EU = REGIONS

POLICIES = {
    "weighted": lambda n: {"Weight": (10, 0, 3, 7)[n]},
    "latency": lambda n: {"Region": (US, EU, "ap-south-1", "sa-east-1")[n]},
    "failover": lambda n: {"Failover": ("PRIMARY", "SECONDARY")[n]},
    "multivalue": lambda n: {"MultiValueAnswer": True},
}


@st.composite
def groups(draw: st.DrawFn) -> tuple[dict, dict]:
    """A name under any policy, each record an address or an alias to a group of two."""
    policy = draw(st.sampled_from(sorted(POLICIES)))
    records, probes = [], []
    for n in range(draw(st.integers(2, 2 if policy == "failover" else 4))):
        member = POLICIES[policy](n)
        hc = draw(st.sampled_from(["", f"c{n}"]))
        if policy != "multivalue" and draw(st.booleans()):
            records.append(alias(str(n), f"g{n}.example.test.", eth=draw(st.booleans()), hc=hc,
                                 **member))  # fmt: skip
            for m in range(2):
                below, ttl = f"{n}{m}", draw(st.sampled_from([5, 60, 300]))
                records.append(a(f"g{n}.example.test.", below, f"192.0.2.{below}", ttl=ttl,
                                 hc=f"c{below}", Weight=1))  # fmt: skip
                probes.append(_drawn(draw, f"c{below}"))
        else:
            records.append(a(NAME, str(n), f"198.51.100.{n}", hc=hc, **member))
        probes.append(_drawn(draw, f"c{n}"))
    return zone(*records), checks(*probes)


def _drawn(draw: st.DrawFn, check_id: str) -> dict:
    pace = draw(st.sampled_from([10, 30])), draw(st.integers(1, 10))
    return probe(check_id, *pace, Inverted=draw(st.integers(0, 9)) == 0)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(groups())
def test_is_the_taker_what_dns_answer_answers_with_that_check_unhealthy(given) -> None:
    seen = view(*given)
    for check_id in seen.watch:
        forced = health.statuses(seen.routing.checks, {}, {check_id: False})
        red = turn_red(seen, seen.routing.checks[check_id])
        after = {m.clients: set(m.after) for m in red.moves}
        for client in seen.clients:
            asked = answer(seen.zones, NAME, "A", client, forced, random.Random(1))
            sides = {p.side for p in seen.paths if set(p.leaf.values) & set(asked.addresses)}
            calm = set(seen.given(client, seen.unhealthy()).shares)
            assert sides <= after.get(client.network, calm)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(groups())
def test_is_every_loss_timed_or_said_never(given) -> None:
    seen = view(*given)
    for side in seen.sides:
        found = lose(seen, side)
        assert bool(found.still_dead) == bool(found.why_dead)
        if found.moves and not found.still_dead:
            assert ways(seen, side, Settings())


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.sampled_from([10, 30]), st.integers(1, 10), st.integers(1, 300)),
                min_size=2, max_size=6))  # fmt: skip
def test_does_a_side_with_more_records_ever_recover_faster(records) -> None:
    def worst_s(count: int) -> float:
        own = [a(NAME, f"{US}-{n}", f"192.0.2.{n}", ttl=ttl, hc=f"c{n}", Weight=1)
               for n, (_, _, ttl) in enumerate(records[:count])]  # fmt: skip
        other = a(NAME, EU, IP[EU], hc="eu", Weight=1)
        probes = [probe(f"c{n}", i, t) for n, (i, t, _) in enumerate(records[:count])]
        seen = view(zone(*own, other), checks(*probes, probe("eu")))
        return ways(seen, US, Settings())[0].worst_s

    times = [worst_s(count + 1) for count in range(len(records))]
    assert times == sorted(times)
