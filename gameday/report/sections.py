"""What stands below the first screen: who was left behind, what was put back, who noticed, claims.

Each function returns one card of HTML, or nothing when there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from gameday import clock
from gameday.measure.timeline import LABELS
from gameday.report import data, words
from gameday.report.table import table

Json = Mapping[str, Any]


def below(findings: Json) -> str:
    """All cards in order."""
    cards = (
        _reasons, _clients, _put_back, _surprises, _alarms, _data, _timeline, _requests, _claims
    )  # fmt: skip
    return f'<section class="below">{"".join(card(findings) for card in cards)}</section>'


def day(findings: Json) -> str:
    """When the run was, UTC."""
    run = findings["run"]
    at = run["fault_at"] or run["started_at"]
    return clock.utc(at)[:16].replace("T", " ") + " UTC" if at else str(run["id"] or "")


def _card(title: str, inner: str, *, whole: bool = False) -> str:
    return f'<div class="card{" whole" if whole else ""}"><h2>{escape(title)}</h2>{inner}</div>'


def _list(rows: Iterable[str]) -> str:
    return f'<ul class="plain">{"".join(f"<li>{escape(row)}</li>" for row in rows)}</ul>'


def _table(head: tuple[str, ...], rows: Iterable[Iterable[str]], numbers_from: int = 99) -> str:
    """A table; columns from `numbers_from` on are aligned as numbers."""
    return table([("n" if i >= numbers_from else "", name) for i, name in enumerate(head)], rows)


def _reasons(findings: Json) -> str:
    """Only where there is more than the headline says."""
    rows = findings["reasons"]
    drawn = findings["lanes"] is not None
    return _card("Why", _list(rows), whole=True) if drawn and len(rows) > 1 else ""


def _clients(findings: Json) -> str:
    """Who was left behind."""
    kinds = findings["clients"]
    if not kinds:
        return ""
    rows = [
        (k["profile"], str(k["counted"]), str(k["censored"]), words.figure(k["mean"]),
         words.figure(k["p95"]), words.figure(k["max"]), words.figure(k["moved"]),
         words.band((k["predicted"] or {}).get("mean")), words.pct(k["failed_pct"]))
        for k in kinds
    ]  # fmt: skip
    head = ("kind of client", "counted", "left behind", "recovery mean", "p95", "max",
            "mean to move", "predicted", "requests failed")  # fmt: skip
    bar = max(k["error_bar_s"] for k in kinds)
    note = (
        "Counted are clients whose last answer before the fault came from the lost Region; times "
        "run from its start to the start of the first request after which none failed. "
        f"Each is exact to one request, at most {words.seconds(bar)}. “>”: some had not recovered "
        "when the fault ended."
    )
    return _card(
        "Clients by kind: who was left behind",
        _table(head, rows, 1) + f'<p class="soft">{escape(note)}</p>',
        whole=True,
    )


def _put_back(findings: Json) -> str:
    run, found = findings["run"], findings["put_back"]
    broken = _list(run["effects"]) if run["effects"] else "<p>Nothing was changed.</p>"
    left = ""
    if run["left_alone"]:
        left = f"<p>Left alone: {escape(', '.join(run['left_alone']))}.</p>"
    if found is None:
        state = "<p><b>Nobody proved that anything was put back.</b></p>" if run["effects"] else ""
    else:
        state = (
            f"<p><b>{found['equal']} of {found['settings']}</b> settings read back equal to "
            f"before at {words.after(found['t_s'])}. What they were, and how to restore them: "
            "<code>undo.jsonl</code>, <code>undo.sh</code>.</p>"
        )
    return _card("What was broken and put back", broken + left + state)


def _surprises(findings: Json) -> str:
    rows = findings["surprises"]
    return _card("Surprises", _list(rows) if rows else '<p class="soft">None.</p>')


def _alarms(findings: Json) -> str:
    found = findings["alarms"]
    rows = [
        (a["alarm"], "expected" if a["expected"] else "unexpected", words.after(a["t_s"]),
         words.seconds(a["after_first_error_s"]))
        for a in found["fired"]
    ]  # fmt: skip
    rows += [(name, "silent", words.UNKNOWN, words.UNKNOWN) for name in found["silent"]]
    if not rows:
        return _card("Alarms", '<p class="soft">None was expected, none fired.</p>')
    return _card("Alarms", _table(("alarm", "which was", "fired", "after the first error"), rows))


def _data(findings: Json) -> str:
    rows = data.rows(findings)
    return _card("Data", _table(("reading", ""), rows)) if rows else ""


def _timeline(findings: Json) -> str:
    rows = [
        (words.after(m["t_s"]), m["utc"][11:23] + "Z", LABELS[m["name"]], m["text"], m["source"])
        for m in findings["timeline"]
    ]
    inner = '<p><button id="copy" type="button">copy for the incident channel</button></p>'
    if rows:
        inner = _table(("AWS clock", "UTC", "", "what", "read from"), rows) + inner
    return _card("Timeline", inner, whole=True)


def _requests(findings: Json) -> str:
    found = findings["availability"]
    if found is None:
        return ""
    rows = [
        (region, outcome.replace("_", " "), f"{count:,}")
        for region, outcomes in found["outcomes"].items()
        for outcome, count in sorted(outcomes.items(), key=lambda o: -o[1])
    ]
    latency = [
        (region, phase, words.UNKNOWN if q["p50"] is None else f"{q['p50']:.0f} ms",
         words.UNKNOWN if q["p99"] is None else f"{q['p99']:.0f} ms")
        for phase, regions in found["latency_ms"].items() for region, q in regions.items()
    ]  # fmt: skip
    sent = (
        f"{found['offered']:,} offered from the fault on, {found['sent']:,} sent, "
        f"{found['requests']:,} answered, {found['unanswered']:,} in flight at the end. By second "
        "and kind of client: "
    )
    inner = _table(("Region", "outcome while the fault lasted", "requests"), rows, 2)
    inner += f'<p class="soft">{escape(sent)}<code>requests.csv</code>.</p>'
    if latency:
        inner += _table(("Region", "latency of good answers", "p50", "p99"), latency, 2)
    return _card("Requests", inner)


def _claims(findings: Json) -> str:
    run = findings["run"]
    load, lab, regions = run["load"] or {}, run["lab"] or {}, ", ".join(run["regions"] or [])
    versions = ", ".join(f"{k} {v}" for k, v in (run["versions"] or {}).items())
    rows = [
        ("evidence", f"level {run['level']} of 5: {run['evidence']}"),
        ("target", f"{run['target']}, {run['endpoint']}, Regions {regions}"),
        ("clock", f"speed {run['speed']:g}: every second here is an AWS second; timestamps "
         "are wall clock"),
        ("seed", f"{run['seed']}: checker phases, caches, lag and contents; not the scheduling of "
         "the operating system"),
        ("load", f"{load.get('rate_per_s')} requests/s ({words.course(load)}), clients "
         f"{words.mix(load.get('clients'))}; "
         "HTTP/1.1 clients: a browser's HTTP/2 connection behaves like a pooled one"),
        ("versions", versions or words.UNKNOWN),
    ]  # fmt: skip
    if lab:
        rows.insert(2, ("lab", _lab_claim(lab)))
    return _card("What may be claimed from this", _table(("", ""), rows))


def _lab_claim(lab: Json) -> str:
    lag = lab.get("lag_s") or ["?", "?"]
    return (
        f"replication lag {lag[0]} to {lag[1]} s, {lab.get('checker_count')} checkers, "
        f"{lab.get('propagation_s', 0):g} s between a verdict and every name server (AWS does not "
        "document its own)"
    )
