"""The findings as Markdown: what to paste into the incident channel, then the numbers.

Times are UTC, because that is what everybody else's logs say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gameday.measure.timeline import LABELS
from gameday.measure.track_record import TrackRecord
from gameday.report import data, words

Json = Mapping[str, Any]


def channel(findings: Json) -> str:
    """The verdict and the UTC timeline, short enough for a chat."""
    rows = [
        f"- `{moment['utc'][11:19]}Z` ({words.after(moment['t_s'])}) "
        f"**{LABELS[moment['name']]}** {_escaped(moment['text'])}"
        for moment in findings["timeline"]
    ]
    return "\n".join([f"**{findings['verdict']}** {_escaped(findings['sentence'])}", "", *rows, ""])


def page(findings: Json, record: TrackRecord | None = None) -> str:
    """The whole `report.md`; `record`: what the predictions of other runs were worth."""
    run = findings["run"]
    parts = [
        f"# {run['title'] or run['experiment']}",
        channel(findings),
        _numbers(findings),
        _prediction(findings, record),
        _clients(findings),
        _list("Data", [f"{name}: {text}" for name, text in data.rows(findings)]),
        _list("Surprises", findings["surprises"]),
        _list("Reasons", findings["reasons"]),
        _claim(run),
    ]
    return "\n".join(part for part in parts if part)


def _numbers(findings: Json) -> str:
    recovery, behind = findings["recovery"], findings["data_behind"]
    found, users = behind["at_fault"], findings["availability"] or {}
    measured = recovery["recovery_s"]
    rows = [
        ("recovery time", "never" if measured is None else words.seconds(measured),
         words.seconds(recovery["objective_s"]), words.band(recovery["predicted"]),
         words.difference(recovery["difference"])),
        ("data behind at the fault",
         words.seconds(found["oldest_age_s"]) if found else "not measured",
         words.seconds(behind["objective_s"]), _data_band(behind["predicted"]), ""),
        ("requests that failed", words.pct(users.get("failed_pct")), words.UNKNOWN, words.UNKNOWN,
         ""),
        ("users who saw an error", words.pct(users.get("users_with_error_pct")), words.UNKNOWN,
         words.UNKNOWN, ""),
    ]  # fmt: skip
    rows += [
        (f"chain: {link['name']}", words.seconds(link["measured_s"]), words.UNKNOWN,
         words.band(link["predicted"]), words.difference(link["difference"]))
        for link in findings["chain"]["links"]
    ]  # fmt: skip
    return _table(("", "measured", "objective", "predicted", "difference"), rows)


def _prediction(findings: Json, record: TrackRecord | None) -> str:
    said = [findings["chain"]["compared"], str(record.headline or "") if record else ""]
    return "".join(f"{_escaped(text)}\n" for text in said if text)


def _data_band(predicted: Json | None) -> str:
    if predicted is None:
        return words.UNKNOWN
    return f"{words.number(predicted['oldest_p5_s'])}..{words.seconds(predicted['oldest_p95_s'])}"


def _clients(findings: Json) -> str:
    if not findings["clients"]:
        return ""
    rows = [
        (kind["profile"], str(kind["counted"]), str(kind["censored"]), words.figure(kind["mean"]),
         words.figure(kind["p95"]), words.figure(kind["max"]),
         words.band((kind["predicted"] or {}).get("mean")))
        for kind in findings["clients"]
    ]  # fmt: skip
    head = ("clients", "counted", "left behind", "mean", "p95", "max", "predicted mean")
    return _table(head, rows)


def _claim(run: Json) -> str:
    return (
        f"Evidence: level {run['level']} of 5 ({run['evidence']}), target {run['target']}, speed "
        f"{run['speed']:g}, seed {run['seed']}, HTTP/1.1 clients. Seconds are AWS seconds.\n"
    )


def _list(title: str, rows: list[str]) -> str:
    return (
        "\n".join([f"## {title}", "", *(f"- {_escaped(row)}" for row in rows), ""]) if rows else ""
    )


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_escaped, line))} |" for line in lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
