"""What nobody predicted: each surprise is one sentence, and none of them decides the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gameday.measure import availability, reads, rpo
from gameday.measure.alarms import Alarms
from gameday.measure.audit import Audit
from gameday.measure.clients import KindRecovery
from gameday.measure.fault import unpredicted
from gameday.measure.lone_failure import decided_by_one
from gameday.measure.propagation import Link
from gameday.measure.run import Run
from gameday.measure.unprovoked import unprovoked
from gameday.model import OK, UNATTRIBUTED
from gameday.predict.model import Prediction


def surprises(
    run: Run,
    links: list[Link],
    kinds: list[KindRecovery],
    expected: Prediction | None,
    found_alarms: Alarms,
    audited: Audit | None,
) -> list[str]:
    """The sentences, the ones about users first."""
    if run.fault_at is None:
        return []
    seers: tuple[Callable[[Run], Iterator[str]], ...] = (
        decided_by_one, _survivor, unprovoked, _unsent, _closed, _lost, _clocks, _unattributed,
        _flapping, _behind,
    )  # fmt: skip
    return [
        *(sentence for see in seers for sentence in see(run)),
        *_unpredicted(run, kinds),
        *_out_of_band(links, kinds, expected),
        *_alarms(found_alarms),
        *_audited(audited),
        *_reads(run),
    ]


def _survivor(run: Run) -> Iterator[str]:
    """Failures in a Region that was not touched."""
    found = availability.outcomes(run, run.fault_at or 0.0, run.until)
    for region, outcomes in found.items():
        failed = sum(n for outcome, n in outcomes.items() if outcome != OK)
        if region not in (run.region, UNATTRIBUTED) and failed:
            share = 100.0 * failed / sum(outcomes.values())
            worst = max((n, o) for o, n in outcomes.items() if o != OK)[1]
            yield f"{region} failed {share:.1f} % of its requests, most by {worst}."


def _unsent(run: Run) -> Iterator[str]:
    """The load generator's own limit must never look like health."""
    offered = sum(w.get("offered", 0) for w in run.windows)
    unsent = sum(w.get("unsent", 0) for w in run.windows)
    if unsent and offered:
        yield f"{100.0 * unsent / offered:.1f} % of the offered requests could not be sent."


def _closed(run: Run) -> Iterator[str]:
    """A closed load does not offer what its users would have asked while they waited."""
    if any(event.get("workload") == "closed" for event in run.of("load.started")):
        yield "The load is closed: users who wait ask nothing, so too few failures are counted."


def _lost(run: Run) -> Iterator[str]:
    """Load processes that did not see the end; their clients do not count."""
    for event in run.of("load.lost"):
        yield (
            f"Load process {event['process']} was lost with {event['clients']} clients, seen at "
            f"T{run.t(event['at']):+.0f} s; those clients are not counted."
        )


def _clocks(run: Run) -> Iterator[str]:
    for event in run.of("load.clock"):
        if not event["agrees"]:
            yield (
                f"The clock of load process {event['process']} ({event['worker']}) is "
                f"{event['ahead_wall_s']:+.2f} s off; its requests stand in the wrong windows."
            )


def _unattributed(run: Run) -> Iterator[str]:
    """Answers of which nobody can say where they came from."""
    found = availability.outcomes(run, run.baseline_at, run.load_end)
    good = found.get(UNATTRIBUTED, {}).get(OK, 0)
    if good:
        yield f"{good} good answers name no Region."


def _flapping(run: Run) -> Iterator[str]:
    """The lost Region's health check, turning back and forth."""
    turns: list[bool] = []
    for event in run.of("health.status"):
        within = (run.fault_at or 0.0) <= event["at"] <= run.until
        if within and event["region"] == run.region and turns[-1:] != [event["healthy"]]:
            turns.append(bool(event["healthy"]))
    if turns.count(False) > 1:
        yield f"The health check of {run.region} flapped: unhealthy {turns.count(False)} times."


def _behind(run: Run) -> Iterator[str]:
    objective = run.facts.get("objectives", {}).get("rpo_s")
    found = rpo.baseline(run)
    if objective is not None and found and found.p99_s > objective:
        yield f"Before the fault data was already {found.p99_s:.1f} s behind (p99)."


def _unpredicted(run: Run, kinds: list[KindRecovery]) -> Iterator[str]:
    for name, why in unpredicted(run, kinds).items():
        yield f"No prediction for {name}, and none for the recovery time: {why}."


def _out_of_band(
    links: list[Link], kinds: list[KindRecovery], expected: Prediction | None
) -> Iterator[str]:
    """What lies outside the 0.1 to 99.9 % band, beyond what a poll a second can resolve."""
    for link in links:
        low = link.predicted.p0_1_s if link.predicted else None
        high = link.predicted.p99_9_s if link.predicted else None
        if link.measured_s is None or low is None or high is None:
            continue
        if not low - 2.0 <= link.measured_s <= high + 2.0:
            span = f"{low:.0f} s" if high - low < 1 else f"between {low:.0f} and {high:.0f} s"
            yield f"{link.name} took {link.measured_s:.0f} s; {span} were predicted."
    for kind in kinds:
        found = expected.clients.get(kind.profile) if expected else None
        mean = found.mean if found else None
        if mean is None or kind.moved.at_least or mean.p0_1_s is None or mean.p99_9_s is None:
            continue
        if not mean.p0_1_s <= kind.moved.s <= mean.p99_9_s:
            yield (
                f"Clients with {kind.profile} moved after {kind.moved.s:.0f} s on average; between "
                f"{mean.p0_1_s:.0f} and {mean.p99_9_s:.0f} s were predicted."
            )


def _alarms(found: Alarms) -> Iterator[str]:
    for fired in found.unexpected:
        yield f"Alarm {fired.alarm} fired, which nobody expected."
    for name in found.silent:
        never = " and was never seen at all" if name in found.unseen else ""
        yield f"Alarm {name} was expected and stayed silent{never}."


def _reads(run: Run) -> Iterator[str]:
    """What sessions saw while nothing was broken."""
    found = reads.checked(run, run.baseline_at, run.fault_at or run.load_end)
    for count, promise in ((found.own_writes, "own writes"), (found.monotonic, "earlier reads")):
        if count:
            yield f"Before the fault {count} reads were older than their session's {promise}."


def _audited(found: Audit | None) -> Iterator[str]:
    if found is None:
        return
    if found.lost:
        yield f"{found.lost} acknowledged writes are in no Region."
    if found.diverged:
        yield f"{found.diverged} writes are not the same in every Region."
    if found.duplicated:
        yield f"{found.duplicated} keys were written twice."
    if found.resurrected:
        yield f"{found.resurrected} deleted items are back."
    if found.failed_found:
        yield f"{found.failed_found} writes that were refused are in the table."
