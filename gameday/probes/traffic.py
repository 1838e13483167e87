"""How clients fare, from what the load processes of this run recorded.

Durations are seconds on the AWS clock. A request counts at the instant it was meant to start,
and one that could not be sent counts as failed.
"""

from __future__ import annotations

from collections import Counter

from gameday import clock, settings
from gameday.aws import activity
from gameday.clock import Clock
from gameday.errors import RunError
from gameday.journal import Tail
from gameday.measure.rto import Counts, bad_windows, counts, recovery_time
from gameday.measure.rto import success_pct as share_of
from gameday.probes.load_log import fault_at, poll, run_dir, settled_until

__all__ = ["leaves_region", "recovers", "stays_served", "success_pct"]


@activity
def success_pct(window_s: float = 10.0) -> float:
    """The share of all requests that succeeded in the last `window_s`, in percent.

    :param window_s: AWS seconds
    :return: 0 to 100, rounded to hundredths; it is an error when there was no request
    """
    speed = settings.current().speed
    tail, seen = Tail(run_dir()), []
    until = settled_until(clock.now(), speed)
    for event in tail.new():
        if event["kind"] == "load.window":
            seen.append(counts(event))
    share = share_of(seen, until - Clock(speed).wall(float(window_s)), until)
    if share is None:
        raise RunError(f"no request in the last {window_s} s; is the load running?")
    return round(share, 2)


@activity
def recovers(
    within_s: float, then_holds_s: float = 300.0, share_pct: float = 99.0, window_s: float = 10.0
) -> bool:
    """Whether clients are served again within `within_s` of the fault's start, and stay served.

    Waits until it has held for `then_holds_s`, or until it is clear that it will not.

    :param within_s: AWS seconds from the start of the fault
    :param then_holds_s: AWS seconds during which it must hold after the recovery
    :param share_pct: the share of requests that must succeed, in percent
    :param window_s: AWS seconds over which the share is taken
    :return: False as soon as the recovery is later than `within_s`
    """
    speed, start = settings.current().speed, fault_at(run_dir())
    tail, seen = Tail(run_dir()), list[Counts]()
    within, holds, window = float(within_s), float(then_holds_s), float(window_s)

    def decide() -> bool | None:
        _append(seen, tail, start)
        until = settled_until(clock.now(), speed)
        took = recovery_time(seen, start, until, float(share_pct), window, speed)
        return verdict(took, (until - start) * speed, within, holds, window)

    end = start + Clock(speed).wall(within + holds + 3 * window) + 10.0
    decided: bool | None = poll(end, speed, decide)
    return bool(decided)


def verdict(
    took_s: float | None, elapsed_s: float, within_s: float, holds_s: float, window_s: float
) -> bool | None:
    """Whether clients recovered in time and held; None while nobody can know.

    `took_s` is the recovery time as far as it is known `elapsed_s` after the fault began. Until
    `within_s` and one window have passed, clients that are not served may still recover in time.
    """
    if took_s is None or took_s > within_s:
        return False if elapsed_s > within_s + window_s else None
    return True if elapsed_s - took_s >= holds_s else None


@activity
def stays_served(for_s: float, share_pct: float = 99.0, window_s: float = 10.0) -> bool:
    """Whether every window of `window_s` since the fault began was served, for `for_s`.

    :param for_s: AWS seconds from the start of the fault
    :param share_pct: the share of requests that must succeed, in percent
    :param window_s: AWS seconds over which the share is taken
    :return: False as soon as one window was not
    """
    speed, start = settings.current().speed, fault_at(run_dir())
    tail, seen = Tail(run_dir()), list[Counts]()

    def decide() -> bool | None:
        _append(seen, tail, start)
        until = settled_until(clock.now(), speed)
        bad = bad_windows(seen, start, until, float(share_pct), float(window_s), speed)
        if any(bad):
            return False
        return True if (until - start) * speed >= float(for_s) and bad else None

    end = start + Clock(speed).wall(float(for_s) + 30.0) + 10.0
    return bool(poll(end, speed, decide))


@activity
def leaves_region(
    region: str,
    within_s: float,
    below_pct: float = 5.0,
    profile: str | None = None,
    window_s: float = 10.0,
) -> bool:
    """Whether the share of answers that come from `region` falls below `below_pct` in time.

    :param region: the Region that clients are to leave
    :param within_s: AWS seconds from the start of the fault
    :param below_pct: the share to fall below, in percent
    :param profile: only clients of this kind; all of them without it
    :param window_s: AWS seconds over which the share is taken
    :return: False when the time is over
    """
    speed, start = settings.current().speed, fault_at(run_dir())
    tail, seen = Tail(run_dir()), list[tuple[float, Counter[str]]]()
    width = Clock(speed).wall(float(window_s))

    def decide() -> bool | None:
        for event in tail.new():
            if event["kind"] == "load.window" and event["at"] >= start:
                rows = [r for r in event["rows"] if profile in (None, r["profile"])]
                seen.append((event["at"], _by_region(rows)))
        until = settled_until(clock.now(), speed)
        last = [by for at, by in seen if until - width <= at < until]
        total = sum(by.total() for by in last)
        share = 100.0 * sum(by[region] for by in last) / total if total else 100.0
        return True if until - width >= start and share < float(below_pct) else None

    return bool(poll(start + Clock(speed).wall(float(within_s)), speed, decide))


def _by_region(rows: list[dict[str, object]]) -> Counter[str]:
    by: Counter[str] = Counter()
    for row in rows:
        by[str(row["region"])] += int(str(row["count"]))
    return by


def _append(seen: list[Counts], tail: Tail, since: float) -> None:
    seen.extend(
        counts(e) for e in tail.new() if e["kind"] == "load.window" and e["at"] >= since - 1.0
    )
