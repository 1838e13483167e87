"""The report as one self-contained page that opens offline: style, script and data are inside.

The first screen answers whether it passed, by how much and why; everything else is below it.
Whatever comes from a run is escaped, in text and in the embedded data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from importlib import resources
from typing import Any

from gameday.measure.track_record import Hits, TrackRecord
from gameday.report import markdown, sections, words
from gameday.report.picture import caption, picture

Json = Mapping[str, Any]

SHAPES = {
    "PASSED": '<circle class="shape" cx="24" cy="24" r="20"/>'
    '<path class="shape" d="M15 25l6 6 12-13"/>',
    "FAILED": '<path class="shape" d="M16 4h16l12 12v16L32 44H16L4 32V16z"/>'
    '<path class="shape" d="M17 17l14 14M31 17L17 31"/>',
    "ERROR": '<path class="shape" d="M24 5l21 37H3z"/><path class="shape" d="M24 18v12M24 36v.5"/>',
    "STOPPED": '<rect class="shape" x="5" y="5" width="38" height="38" rx="4"/>'
    '<path class="shape" d="M18 16v16M30 16v16"/>',
}  # fmt: skip
"""A shape for each verdict, so that nobody depends on its colour."""

WIDE, NARROW = (1360, 170), (372, 150)
"""Width and chart height of the two pictures; the style sheet shows the one that fits."""


def page(findings: Json, record: TrackRecord | None = None) -> str:
    """The whole `report.html`; `record`: what the predictions of other runs were worth."""
    headline = record.headline if record else None
    title = f"{findings['verdict']}: {findings['run']['title'] or findings['run']['experiment']}"
    body = [
        _verdict(findings), "<main>", _tiles(findings), _figure(findings),
        _chain(findings, headline),
        sections.below(findings), "</main>",
    ]  # fmt: skip
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title>'
        f"<style>{_asset('report.css')}</style></head><body>{''.join(body)}"
        f'<script type="application/json" id="data">{_data(findings)}</script>'
        f"<script>{_asset('report.js')}</script></body></html>\n"
    )


def _asset(name: str) -> str:
    return resources.files("gameday.report").joinpath("assets", name).read_text(encoding="utf-8")


def _data(findings: Json) -> str:
    """What the script needs; `<` is escaped so that no text can close the script element."""
    found = {
        "channel": markdown.channel(findings),
        "traffic": findings["traffic"],
        "fault_at": findings["run"]["fault_at"],
        "speed": findings["run"]["speed"],
    }
    return json.dumps(found, allow_nan=False).replace("<", "\\u003c").replace("&", "\\u0026")


def _verdict(findings: Json) -> str:
    run = findings["run"]
    small = [
        run["experiment"],
        sections.day(findings),
        f"target {run['target']}",
        f"evidence level {run['level']} of 5 ({run['evidence']})",
        f"run by {run['who']}" if run["who"] else "",
        f"approved by {run['approved_by']}" if run.get("approved_by") else "",
        f"commit {run['commit'][:10]}" if run["commit"] else "",
    ]
    verdict = escape(findings["verdict"])
    return (
        f'<header class="verdict {verdict}"><div><svg viewBox="0 0 48 48" aria-hidden="true">'
        f"{SHAPES[findings['verdict']]}</svg><div><h1><b>{verdict}</b> "
        f"{escape(findings['sentence'])}</h1>"
        f"<p>{escape(' · '.join(s for s in small if s))}</p></div></div></header>"
    )


def _tiles(findings: Json) -> str:
    recovery, data = findings["recovery"], findings["data_behind"]
    at_fault, users = data["at_fault"], findings["availability"] or {}
    started = findings["run"]["fault_at"] is not None
    measured = recovery["recovery_s"]
    big = words.UNKNOWN if not started else "never" if measured is None else words.seconds(measured)
    missing = f"{words.count(at_fault['missing'], 'write')}" if at_fault else "not measured"
    predicted = data["predicted"]
    return '<section class="tiles" aria-label="headline numbers">' + "".join([
        _tile("Recovery time", big, "", [
            ("objective", words.seconds(recovery["objective_s"])),
            ("predicted", words.band(recovery["predicted"], mean=False)),
        ], _missed(measured, recovery["objective_s"], started)),
        _tile("Data behind at the fault",
              words.seconds(at_fault["oldest_age_s"]) if at_fault else words.UNKNOWN, missing, [
            ("objective", words.seconds(data["objective_s"])),
            ("predicted", words.UNKNOWN if predicted is None else
             f"{words.number(predicted['oldest_p5_s'])}..{words.seconds(predicted['oldest_p95_s'])}"),
        ], _missed(at_fault["oldest_age_s"] if at_fault else None, data["objective_s"],
                   at_fault is not None)),
        _tile("Users who saw an error", words.pct(users.get("users_with_error_pct")), "", [
            ("requests", f"{words.pct(users.get('failed_pct'))} failed"),
            ("month's error budget", words.pct(users.get("month_budget_pct"))),
        ], False),
    ]) + "</section>"  # fmt: skip


def _missed(measured: float | None, objective: float | None, known: bool) -> bool:
    return known and objective is not None and (measured is None or measured > objective)


def _tile(title: str, big: str, small: str, rows: list[tuple[str, str]], missed: bool) -> str:
    """A number, `missed` in the colour of failure (and said so, for those who see no colour)."""
    said = '<span class="soft"> · objective missed</span>' if missed else ""
    inner = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in rows)
    tail = f" <small>{escape(small)}</small>" if small else ""
    return (
        f'<div class="tile{" missed" if missed else ""}"><h2>{escape(title)}{said}</h2>'
        f'<div class="big">{escape(big)}{tail}</div><dl>{inner}</dl></div>'
    )


def _figure(findings: Json) -> str:
    drawn = picture(findings, *WIDE) + picture(findings, *NARROW)
    if not drawn:
        reasons = "".join(f"<li>{escape(r)}</li>" for r in findings["reasons"])
        return f'<section class="card"><h2>Why</h2><ul class="plain">{reasons}</ul></section>'
    regions = findings["traffic"]["ok"]
    swatches = [
        f'<span><i class="r{i}"></i>answered by {escape(r)}</span>' for i, r in enumerate(regions)
    ]
    swatches += [
        '<span><i class="failed"></i>failed</span>',
        '<span><i class="line"></i>offered</span>',
    ]
    if (findings["recovery"]["predicted"] or {}).get("p5_s"):
        swatches.append('<span><i class="band"></i>recovery as predicted (5 to 95 %)</span>')
    return (
        '<section class="card figure"><div class="legend"><b>Requests per second</b>'
        f'{"".join(swatches)}</div>{drawn}<div id="tip" role="status"></div>'
        f'<p class="caption">{escape(caption(findings))}</p></section>'
    )  # fmt: skip


def _chain(findings: Json, headline: Hits | None) -> str:
    """The links of the recovery time as one bar; an open link fills what is left of the fault."""
    links = findings["chain"]["links"]
    if not links:
        return ""
    total = findings["recovery"]["recovery_s"] or findings["run"]["fault_s"]
    known = sum(link["measured_s"] or 0.0 for link in links)
    bars, rows = [], []
    for i, link in enumerate(links):
        is_open = link["measured_s"] is None
        share = 100 * ((total - known) if is_open else link["measured_s"]) / max(total, 1e-9)
        text = "still failing" if is_open else words.seconds(link["measured_s"])
        kind = "open" if is_open else f"l{i}"
        fits = share > 6
        label = escape(f"{link['name']} {text}" if share > 16 else text) if fits else ""
        size = "" if share >= 22 else " slim" if fits else " slim tiny"
        bars.append(f'<div class="{kind}{size}" style="width:{share:.2f}%">{label}</div>')
        rows.append(f'<li class="{kind}"><i></i>{escape(link["name"])} <b>{text}</b> '
                    f"<small>predicted {words.band(link['predicted'])}</small>"
                    f"{_difference(link['difference'])}</li>")  # fmt: skip
    sum_text = words.seconds(findings["recovery"]["recovery_s"])
    head = "(not recovered)" if findings["recovery"]["recovery_s"] is None else f"= {sum_text}"
    advice = findings["chain"]["advice"]
    said = f"<b>Longest: {escape(findings['chain']['longest'])}.</b> {escape(advice)}"
    compared = escape(findings["chain"]["compared"])
    said += f'</p><p class="advice"><b>Prediction:</b> {compared}' if compared else ""
    said += f" <b>Track record:</b> {escape(str(headline))}." if headline else ""
    return (
        f'<section class="card chain"><h2>Where the time went: '
        f"{escape(' + '.join(link['name'] for link in links))} {head}</h2>"
        f'<div class="bar" aria-hidden="true">{"".join(bars)}</div>'
        f'<ul class="links">{"".join(rows)}</ul><p class="advice">{said}</p></section>'
    )


def _difference(found: Json | None) -> str:
    """By how much a link differs; what is not as predicted stands out, and says so in words."""
    text = escape(words.difference(found))
    if not text or found is None:
        return ""
    return f" <small>{text}</small>" if found["agrees"] else f' <b class="off">{text}</b>'
