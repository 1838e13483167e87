"""A prediction as plain text, for terminals and job logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]


def lines(document: Json) -> Iterator[str]:
    """The whole document, name by name."""
    for name in document["names"]:
        yield from _name(name, document)
    if document["policies"]:
        yield from _policies(document["policies"])
    yield "Not included: " + "; ".join(document["not_included"]) + "."
    if document["meets"] is not None:
        word = "MEETS" if document["meets"] else "MISSES"
        p = f"{100 * document['p']:g} % of the clients that settings can move"
        yield f"{word} the objective of {document['rto_s']:g} s for {p}"
    for name in not_judged(document):
        yield f"Not judged: {name}"


def not_judged(document: Json) -> Iterator[str]:
    """Names of which an objective says nothing, and why."""
    for name in document["names"] if document["rto_s"] else ():
        if all(loss["meets"] is None for loss in name["losses"]):
            yield f"{name['name']} {name['type']}, simple: no health check moves its answer"


def _name(name: Json, document: Json) -> Iterator[str]:
    yield f"{name['name']} {name['type']}: {name['policy']}, {' and '.join(name['sides'])}"
    shown: dict[str, str] = {}
    for loss in name["losses"]:
        yield from _takeover(loss)
        key = settings(loss)
        if not loss["ways"]:
            continue
        if key in shown:
            yield f"    times as for {shown[key]}"
            continue
        shown[key] = loss["side"]
        yield from _times(loss, document)
    for line in lone_checks(name):
        yield f"  {line}"
    for line in all_red(name):
        yield f"  every check red at once: {line}"
    yield ""


def all_red(name: Json) -> Iterator[str]:
    """What is answered when every check is red; nothing for a name without checks."""
    found = name["all_red"]
    why = "dead or not (fail-open)" if found["is_fail_open"] else "which no check guards"
    if name["checks"]:
        yield f"answered {shares(found['shares'])}, {why}"


def lone_checks(name: Json) -> Iterator[str]:
    """What one red check does by itself, where that is not what the loss of a side does."""
    alike = [loss["takeover"]["red"] for loss in name["losses"]]
    for one in name["checks"]:
        if one["red"] in alike:
            continue
        if not one["moves"]:
            yield f"{one['lost']} red by itself: moves nobody to another side"
        for move in one["moves"]:
            moved = f"{shares(move['before'])} -> {shares(move['after'])}"
            yield f"{one['lost']} red by itself: {move['clients']}: {moved}"


def settings(loss: Json) -> str:
    """What the times of a loss follow from: equal for losses with the same times."""
    return repr([{k: v for k, v in way.items() if k != "check"} for way in loss["ways"]])


def way(found: Json) -> str:
    """One way out of a lost side: the check that ends an answer, and how long it is kept."""
    seen = found["detection"]
    alias = ", alias" if found["is_alias"] else ""
    return (
        f"check {found['check']} ({found['interval_s']:g} s x {found['threshold']}) is red after "
        f"{seen['mean_s']:g} s ({seen['least_s']:g}..{seen['worst_s']:g}); "
        f"TTL {found['ttl_s']:g} s{alias}"
    )


SLOWEST = "below: clients that are answered what is slowest of these; the others are earlier"


def _takeover(loss: Json) -> Iterator[str]:
    takeover = loss["takeover"]
    yield f"  lose {loss['side']}"
    yield from (f"    {way(found)}" for found in loss["ways"])
    if len(loss["ways"]) > 1:
        yield f"    {SLOWEST}"
    for move in takeover["moves"]:
        yield f"    {move['clients']}: {shares(move['before'])} -> {shares(move['after'])}"
    if not takeover["moves"]:
        yield "    no client is answered with it while all is well"
    for check in loss["untimed"]:
        yield f"    no time: {check} turns red by other means than a probe"
    for why in takeover["why_dead"]:
        yield f"    NEVER RECOVERS ({takeover['still_dead']:.0%} sent there): {why}"


def _times(loss: Json, document: Json) -> Iterator[str]:
    advice = loss["advice"]
    yield f"    {'kind of client':<22}{'mean':>8}{'p50':>8}{'p95':>8}{'worst':>8}"
    for kind, spread in loss["clients"].items():
        row = "".join(f"{seconds(spread[m]):>8}" for m in ("mean_s", "p50_s", "p95_s", "worst_s"))
        yield f"    {kind:<22}{row}{_judged(kind, advice)}"
    if advice is None:
        return
    if advice["changes"]:
        yield "    one change by itself, by what it gains the slowest client that can be moved:"
        for change in advice["changes"][:5]:
            mark = "meets" if change["meets"] else ""
            yield f"      -{change['gain_s']:.0f} s  {change['text']}  {mark}".rstrip()
    if advice["plan"]:
        yield f"    meets {advice['rto_s']:g} s: {' and '.join(advice['plan'])}"
    elif not advice["is_possible"]:
        yield f"    no settings meet {advice['rto_s']:g} s here"
    for text in advice["unfixable"]:
        yield f"    beyond settings: {text}"


def _judged(kind: str, advice: Json | None) -> str:
    if advice is None:
        return ""
    within = advice["within_s"][kind]
    if within is None:
        return f"   MISSES {advice['rto_s']:g} s"
    word = "meets" if within <= advice["rto_s"] else "MISSES"
    return f"   {word} {advice['rto_s']:g} s ({100 * advice['p']:g} %: {within:.0f} s)"


def _policies(rows: list[Json]) -> Iterator[str]:
    yield "The same loss under other routing policies"
    yield f"  {'policy':<13}{'lost':<16}{'hit':>6}  {'survivor':>9}  then answered"
    for row in rows:
        grows = "from cold" if row["busiest"] is None else f"x {row['busiest']:g}"
        yield (f"  {row['policy']:<13}{row['lost']:<16}{row['hit']:>6.0%}  {grows:>9}  "
               f"{shares(row['loads'])}: {row['remark']}")  # fmt: skip
    yield ""


def shares(found: Mapping[str, float]) -> str:
    """`us-east-1`, or `us-east-1 50 %, eu-west-1 50 %`."""
    if len(found) == 1:
        return next(iter(found))
    return ", ".join(f"{side} {100 * share:.0f} %" for side, share in found.items())


def seconds(value: float | None) -> str:
    """`58 s`; `never` for None."""
    return "never" if value is None else f"{value:.0f} s"
