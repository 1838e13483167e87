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
    settings: Settings, kinds: tuple[Kind, ...], rto_s: float, p: float, *, is_alias: bool
) -> Advice:
    """What would meet `rto_s` for a share `p` of each kind of client that settings can move."""
    movable = [k for k in kinds if _movable(k, settings)]
    now_s = _slowest(settings, movable, p)
    options = list(_options(settings, movable, is_alias))
    single = [(s, ks, texts[0]) for s, ks, texts in options if len(texts) == 1]
    changes = sorted(
        (Change(text, round(now_s - slow, 1), slow <= rto_s)
         for s, ks, text in single if (slow := _slowest(s, ks, p)) < now_s - 0.1),
        key=lambda change: -change.gain_s,
    )  # fmt: skip
    meeting = [
        (len(texts), s.threshold == 1, slow, texts)
        for s, ks, texts in options
        if (slow := _slowest(s, ks, p)) <= rto_s
    ]
    # Fewest changes first; a threshold of 1 flaps, so anything else that does is better.
    best = min(meeting, key=lambda m: (m[1], m[0], -m[2]), default=None)
    plan = tuple(best[3]) if best else ()
    within = {k.name: quantile_s(settings, k, p) for k in kinds}
    return Advice(
        rto_s, p, within, tuple(k.name for k in movable), tuple(changes), plan, best is not None,
        tuple(_unfixable(settings, kinds, movable, rto_s, p)),
    )  # fmt: skip


def _movable(kind: Kind, settings: Settings) -> bool:
    """Whether interval, threshold, TTL and connection age decide when this kind leaves."""
    return kind.waits_s(settings.ttl_s, settings.mode) is not None and not kind.stretched_s


def _slowest(settings: Settings, kinds: Sequence[Kind], p: float) -> float:
    return max((quantile_s(settings, k, p) or 0.0 for k in kinds), default=0.0)


def _options(
    settings: Settings, kinds: Sequence[Kind], is_alias: bool
) -> Iterator[tuple[Settings, list[Kind], list[str]]]:
    """Every combination of better settings, with what would be changed."""
    now_age = max((k.connection_s or 0.0 for k in kinds), default=0.0)
    intervals = [i for i in (30.0, 10.0) if i <= settings.interval_s]
    thresholds = range(settings.threshold, 0, -1)
    ttls = [settings.ttl_s, *(t for t in TTLS_S if t < settings.ttl_s)]
    ages = [now_age, *(a for a in AGES_S if a < now_age)]
    caches = [False, True] if any(k.own_cache_s > 5 for k in kinds) else [False]
    hang_s = max((k.hang_within_s(settings.mode)[0] for k in kinds), default=0.0)
    hangs = [False, True] if hang_s > READ_S else [False]
    for interval, threshold, ttl, age, cache, hang in product(
        intervals or [settings.interval_s], thresholds, ttls, ages, caches, hangs
    ):
        texts = []
        if interval != settings.interval_s:
            texts.append(f"request interval {settings.interval_s:g} -> {interval:g} s")
        if threshold != settings.threshold:
            flaps = " (one lost packet is then enough)" if threshold == 1 else ""
            texts.append(f"failure threshold {settings.threshold} -> {threshold}{flaps}")
        if ttl != settings.ttl_s:
            how = " (an alias has none: use CNAME or A records)" if is_alias else ""
            texts.append(f"TTL {settings.ttl_s:g} -> {ttl:g} s{how}")
        if age != now_age:
            texts.append(f"maximum connection age {now_age:g} -> {age:g} s (in the clients)")
        if cache:
            texts.append("clients' own DNS cache -> 5 s (Java: networkaddress.cache.ttl)")
        if hang:
            texts.append(f"clients' time-outs {hang_s:g} -> {READ_S:g} s")
        changed = replace(settings, interval_s=interval, threshold=threshold, ttl_s=ttl)
        yield changed, [_with(k, age, cache=cache, hang=hang) for k in kinds], texts


def _with(kind: Kind, age_s: float, *, cache: bool, hang: bool) -> Kind:
    return replace(
        kind,
        hang_s=min(kind.hang_s, READ_S) if hang else kind.hang_s,
        connection_s=min(kind.connection_s, age_s) if kind.connection_s else kind.connection_s,
        own_cache_s=min(kind.own_cache_s, 5.0) if cache else kind.own_cache_s,
    )


def _unfixable(
    settings: Settings, kinds: Sequence[Kind], movable: Sequence[Kind], rto_s: float, p: float
) -> Iterator[str]:
    stay = [k.name for k in kinds if k.waits_s(settings.ttl_s, settings.mode) is None]
    if stay:
        yield (
            f"{' and '.join(stay)} never leave: their connection works on while the lost side "
            f"answers errors, so they never look up; give connections a maximum age, or close them "
            f"after errors"
        )
    for kind in kinds:
        if kind.stretched_s and (quantile_s(settings, kind, p) or 0.0) > rto_s:
            yield (
                f"{kind.name}: up to {kind.stretched_s:g} s in a resolver that is not yours "
                f"({STRETCHED_SHARE:.1%} of resolvers stretch TTLs); only addresses that never "
                f"change (Global Accelerator) help"
            )
    least = replace(settings, interval_s=10.0, threshold=1, ttl_s=min(5.0, settings.ttl_s))
    floor_s = _slowest(least, [_with(k, 5.0, cache=True, hang=True) for k in movable], p)
    if floor_s > rto_s:
        yield (
            f"DNS failover itself: with interval 10 s, threshold 1 and TTL {least.ttl_s:g} s it "
            f"still takes {floor_s:.0f} s, of which {detection_mean_s(least):.0f} s detection"
        )
    if settings.mode is Mode.BLACK_HOLE:
        yield "whoever asks the lost side meanwhile: in a black hole each request hangs to its end"
