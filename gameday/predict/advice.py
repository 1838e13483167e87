"""Which settings meet a recovery time objective, what each would gain, and what none can mend.

Only closed forms are asked, so every combination is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

from gameday.predict.clients import Mode
from gameday.predict.delay import detection_mean_s, quantile_s
from gameday.predict.kind import READ_S, STRETCHED_SHARE, Kind
from gameday.predict.model import Settings

TTLS_S = (60.0, 30.0, 10.0, 5.0)
AGES_S = (60.0, 30.0, 10.0, 5.0)

Ways = tuple[Settings, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One setting changed by itself: what it gains the slowest client that settings can move."""

    text: str
    gain_s: float
    meets: bool


@dataclass(frozen=True, slots=True)
class Advice:
    """How one loss stands to an objective that a share `p` of clients must meet."""

    rto_s: float
    p: float
    within_s: dict[str, float | None]  # by kind; None: never
    movable: tuple[str, ...]  # the kinds that settings can move: for them the objective holds
    changes: tuple[Change, ...]  # ranked by gain
    plan: tuple[str, ...]  # the fewest changes that meet it; empty: met, or impossible
    is_possible: bool
    unfixable: tuple[str, ...]  # what no setting on AWS's side can meet, and why


@lru_cache(maxsize=256)
def advise(
    ways: Ways, kinds: tuple[Kind, ...], rto_s: float, p: float, *, is_alias: bool
) -> Advice:
    """What would meet `rto_s` for a share `p` of each kind of client that settings can move.

    :param ways: the settings of each way in which clients get away: all of them have to meet it.
    """
    movable = [k for k in kinds if _movable(k, ways[0])]
    now_s = _slowest(ways, movable, p)
    options = list(_options(ways, movable, is_alias))
    single = [(s, ks, texts[0]) for s, ks, texts in options if len(texts) == 1]
    changes = sorted(
        (Change(text, round(now_s - slow, 1), slow <= rto_s)
         for s, ks, text in single if (slow := _slowest(s, ks, p)) < now_s - 0.1),
        key=lambda change: -change.gain_s,
    )  # fmt: skip
    meeting = [
        (len(texts), max(w.threshold for w in s) == 1, slow, texts)
        for s, ks, texts in options
        if (slow := _slowest(s, ks, p)) <= rto_s
    ]
    # Fewest changes first; a threshold of 1 flaps, so anything else that does is better.
    best = min(meeting, key=lambda m: (m[1], m[0], -m[2]), default=None)
    plan = tuple(best[3]) if best else ()
    within = {k.name: _within_s(ways, k, p) for k in kinds}
    return Advice(
        rto_s, p, within, tuple(k.name for k in movable), tuple(changes), plan, best is not None,
        tuple(_unfixable(ways, kinds, movable, rto_s, p)),
    )  # fmt: skip


def _movable(kind: Kind, settings: Settings) -> bool:
    """Whether interval, threshold, TTL and connection age decide when this kind leaves."""
    return kind.waits_s(settings.ttl_s, settings.mode) is not None and not kind.stretched_s


def _within_s(ways: Ways, kind: Kind, p: float) -> float | None:
    """The time within which a share `p` of clients has left in the slowest way; None: they stay."""
    found = [quantile_s(settings, kind, p) for settings in ways]
    return None if None in found else max(s for s in found if s is not None)


def _slowest(ways: Ways, kinds: Sequence[Kind], p: float) -> float:
    return max((_within_s(ways, k, p) or 0.0 for k in kinds), default=0.0)


def _least(ways: Ways, interval_s: float, threshold: int, ttl_s: float) -> Ways:
    """The ways with nothing slower than that."""
    return tuple(
        replace(
            w, interval_s=min(w.interval_s, interval_s), threshold=min(w.threshold, threshold),
            ttl_s=min(w.ttl_s, ttl_s),
        )
        for w in ways
    )  # fmt: skip


def _options(
    ways: Ways, kinds: Sequence[Kind], is_alias: bool
) -> Iterator[tuple[Ways, list[Kind], list[str]]]:
    """Every combination of better settings, with what would be changed."""
    interval_s, threshold_now, ttl_s = (
        max(w.interval_s for w in ways), max(w.threshold for w in ways), max(w.ttl_s for w in ways)
    )  # fmt: skip
    now_age = max((k.connection_s or 0.0 for k in kinds), default=0.0)
    intervals = [i for i in (30.0, 10.0) if i <= interval_s]
    thresholds = range(threshold_now, 0, -1)
    ttls = [ttl_s, *(t for t in TTLS_S if t < ttl_s)]
    ages = [now_age, *(a for a in AGES_S if a < now_age)]
    caches = [False, True] if any(k.own_cache_s > 5 for k in kinds) else [False]
    hang_s = max((k.hang_within_s(ways[0].mode)[0] for k in kinds), default=0.0)
    hangs = [False, True] if hang_s > READ_S else [False]
    for interval, threshold, ttl, age, cache, hang in product(
        intervals or [interval_s], thresholds, ttls, ages, caches, hangs
    ):
        texts = []
        if interval != interval_s:
            texts.append(f"request interval {interval_s:g} -> {interval:g} s")
        if threshold != threshold_now:
            flaps = " (one lost packet is then enough)" if threshold == 1 else ""
            texts.append(f"failure threshold {threshold_now} -> {threshold}{flaps}")
        if ttl != ttl_s:
            how = " (an alias has none: use CNAME or A records)" if is_alias else ""
            texts.append(f"TTL {ttl_s:g} -> {ttl:g} s{how}")
        if age != now_age:
            texts.append(f"maximum connection age {now_age:g} -> {age:g} s (in the clients)")
        if cache:
            texts.append("clients' own DNS cache -> 5 s (Java: networkaddress.cache.ttl)")
        if hang:
            texts.append(f"clients' time-outs {hang_s:g} -> {READ_S:g} s")
        yield (
            _least(ways, interval, threshold, ttl),
            [_with(k, age, cache=cache, hang=hang) for k in kinds],
            texts,
        )


def _with(kind: Kind, age_s: float, *, cache: bool, hang: bool) -> Kind:
    return replace(
        kind,
        hang_s=min(kind.hang_s, READ_S) if hang else kind.hang_s,
        connection_s=min(kind.connection_s, age_s) if kind.connection_s else kind.connection_s,
        own_cache_s=min(kind.own_cache_s, 5.0) if cache else kind.own_cache_s,
    )


def _unfixable(
    ways: Ways, kinds: Sequence[Kind], movable: Sequence[Kind], rto_s: float, p: float
) -> Iterator[str]:
    settings = ways[0]
    stay = [k.name for k in kinds if k.waits_s(settings.ttl_s, settings.mode) is None]
    if stay:
        yield (
            f"{' and '.join(stay)} never leave: their connection works on while the lost side "
            f"answers errors, so they never look up; give connections a maximum age, or close them "
            f"after errors"
        )
    for kind in kinds:
        if kind.stretched_s and (_within_s(ways, kind, p) or 0.0) > rto_s:
            yield (
                f"{kind.name}: up to {kind.stretched_s:g} s in a resolver that is not yours "
                f"({STRETCHED_SHARE:.1%} of resolvers stretch TTLs); only addresses that never "
                f"change (Global Accelerator) help"
            )
    least = _least(ways, 10.0, 1, 5.0)
    floor_s = _slowest(least, [_with(k, 5.0, cache=True, hang=True) for k in movable], p)
    if floor_s > rto_s:
        ttl_s, found_s = max(w.ttl_s for w in least), max(detection_mean_s(w) for w in least)
        yield (
            f"DNS failover itself: with interval 10 s, threshold 1 and TTL {ttl_s:g} s it "
            f"still takes {floor_s:.0f} s, of which {found_s:.0f} s detection"
        )
    if settings.mode is Mode.BLACK_HOLE:
        yield "whoever asks the lost side meanwhile: in a black hole each request hangs to its end"
