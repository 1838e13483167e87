"""The chain whose links add up to the recovery time: detect, DNS, resolver caches, connections.

Health checks that turned, an answer that moved and the last client that asks with every request
cut the recovery time into links; the longest says what would shorten it on this architecture.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameday.measure.clients import ClientRecovery, last_of
from gameday.measure.run import Run
from gameday.measure.timeline import detected, dns_moved
from gameday.predict.model import Band, Prediction, Settings


@dataclass(frozen=True, slots=True)
class Link:
    """One part of the recovery time in AWS seconds; `measured_s` None: nobody saw where it ends."""

    name: str
    measured_s: float | None
    predicted: Band | None


NAMES = ("detect", "DNS", "resolver caches", "connections")
MERGED = "caches and connections"
"""The last two in one, where no kind of client tells them apart."""


def chain(
    run: Run,
    recovery_s: float | None,
    counted: list[ClientRecovery],
    prediction: Prediction | None,
) -> list[Link]:
    """The links of a run in which somebody had to be moved; empty where nobody was.

    Their sum is the recovery time. Without one (clients never recovered) the last link is open.
    """
    found, moved = detected(run), dns_moved(run)
    if recovery_s == 0.0 or found is None:
        return []
    end = recovery_s if recovery_s is not None else run.fault_s
    seen_s = min(run.t(found["at"]), end)
    moved_s = min(max(run.t(moved["at"]), seen_s), end) if moved else None
    expected = _predicted(prediction)
    links = [
        Link("detect", round(seen_s, 1), expected["detect"]),
        Link("DNS", None if moved_s is None else round(moved_s - seen_s, 1), expected["DNS"]),
    ]
    if moved_s is None:
        return links
    cached = last_of(counted, "per-request")
    if cached is None:
        rest = None if recovery_s is None else round(end - moved_s, 1)
        told_apart = any(r.profile == "per-request" for r in counted)  # but one was left behind
        return [*links, Link(MERGED, rest, None if told_apart else expected[MERGED])]
    cached = min(max(cached, moved_s), end)
    rest = None if recovery_s is None else round(end - cached, 1)
    return [
        *links,
        Link("resolver caches", round(cached - moved_s, 1), expected["resolver caches"]),
        Link("connections", rest, expected["connections"]),
    ]


def _predicted(prediction: Prediction | None) -> dict[str, Band | None]:
    if prediction is None:
        return dict.fromkeys((*NAMES, MERGED))
    return {
        "detect": prediction.detection,
        "DNS": prediction.dns,
        "resolver caches": prediction.caches,
        "connections": prediction.connections,
        MERGED: prediction.connections,
    }


def longest(links: list[Link]) -> Link | None:
    """The link that takes longest; an open one takes longer than any other."""
    return max(
        links,
        key=lambda x: float("inf") if x.measured_s is None else x.measured_s,
        default=None,
    )


def advice(link: Link | None, settings: Settings | None, profiles: list[str]) -> str:
    """What would shorten a link on this architecture, in one sentence; empty when nothing would."""
    if link is None:
        return ""
    if link.name == "detect" and settings is not None:
        if settings.interval_s > 10:
            return f"An interval of 10 s instead of {settings.interval_s:g} s detects sooner."
        if settings.threshold > 1:
            saved = settings.interval_s + settings.probe_s
            return (
                f"A failure threshold of {settings.threshold - 1} instead of "
                f"{settings.threshold} saves {saved:g} s, at the price of flapping sooner."
            )
        return "Interval and threshold are at their least; a routing control can act before them."
    if link.name == "DNS":
        return "Route 53 decides this; no setting of yours shortens it."
    if link.name == "resolver caches" and settings is not None:
        return (
            f"Resolvers keep the answer for its TTL of {settings.ttl_s:g} s; an alias to API "
            "Gateway has no other. A record with its own TTL, or Global Accelerator, is shorter."
        )
    ages = [p for p in profiles if p.startswith("pooled-max-age")]
    if "pooled" in profiles:
        return "Clients that keep a connection for ever need a maximum age, or to drop it on a 5xx."
    if ages:
        return f"A shorter maximum age of connections than {_ages(ages)} moves them sooner."
    return ""


def _ages(profiles: list[str]) -> str:
    return " and ".join(p.removeprefix("pooled-max-age-") + " s" for p in profiles)
