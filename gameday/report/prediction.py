"""A prediction as one self-contained page to pass on: it opens offline and says what it assumes.

It renders the document of `gameday predict --json` and computes nothing; all text is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from importlib import resources
from typing import Any

from gameday.predict.text import SLOWEST, all_red, lone_checks, seconds, settings, shares, way
from gameday.report.table import Cell, table

Json = Mapping[str, Any]

COLOURS = 10
"""Of curves, in the style sheet."""

HEIGHT, TOP, BOTTOM = 240, 12, 26
WIDTH = 1000
"""Of the curves' own units, which are stretched over whatever is there; texts are not."""


def page(document: Json) -> str:
    """The whole page."""
    word, said = _headline(document)
    band = {"MEETS": "PASSED", "MISSES": "FAILED"}.get(word, "STOPPED")
    body = "".join(_name(name, document) for name in document["names"])
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{escape(f"{word}: {said}")}</title>'
        f"<style>{_asset('report.css')}{_asset('prediction.css')}</style></head><body>"
        f'<header class="verdict {band}"><div><div><h1><b>{word}</b> {escape(said)}</h1>'
        f"<p>{escape(_small(document))}</p></div></div></header><main>{body}"
        f"{_policies(document['policies'])}{_assumptions(document)}</main></body></html>\n"
    )


def _asset(name: str) -> str:
    return resources.files("gameday.report").joinpath("assets", name).read_text(encoding="utf-8")


def _headline(document: Json) -> tuple[str, str]:
    names = ", ".join(dict.fromkeys(n["name"] for n in document["names"]))
    short = names if len(names) < 80 else f"{len(document['names'])} names"
    if document["meets"] is None:
        return "PREDICTED", f"what losing a side of {short} looks like"
    word = "MEETS" if document["meets"] else "MISSES"
    share = f"{100 * document['p']:g} % of the clients that DNS can move"
    return word, f"{short}: the objective is {document['rto_s']:g} s for {share}"


def _small(document: Json) -> str:
    lost = "answers errors" if document["mode"] == "errors" else "is a black hole"
    return (
        f"from {document['source']} · evidence level 1 of 5 (predicted, nothing was run) · the "
        f"lost side {lost} · {document['clients']:,} clients of each kind behind "
        f"{document['resolvers']:,} resolvers"
    )


def _name(name: Json, document: Json) -> str:
    parts = [
        f"<h2>{escape(name['name'])} {escape(name['type'])}</h2><p class='soft'>"
        f"{escape(name['policy'])} · {escape(' and '.join(name['sides']))}</p>"
    ]
    drawn: dict[str, str] = {}
    for loss in name["losses"]:
        parts.append(f"<h3>When {escape(loss['side'])} is lost</h3>")
        parts.append("".join(f"<p>{line}</p>" for line in _takeover(loss)))
        key = settings(loss)
        if loss["ways"] and key in drawn:
            parts.append(f"<p class='soft'>Times as for {escape(drawn[key])}.</p>")
        elif loss["ways"]:
            drawn[key] = loss["side"]
            parts += [_curves(loss, document), _table(loss), _advice(loss["advice"])]
    parts += [f"<p>{escape(line)}</p>" for line in lone_checks(name)]
    for line in all_red(name):
        parts.append(f"<h3>When every check is red at once</h3><p>{_sentence(line)}</p>")
    return f'<section class="card name">{"".join(parts)}</section>'


def _takeover(loss: Json) -> Iterator[str]:
    yield from (_sentence(way(found)) for found in loss["ways"])
    if len(loss["ways"]) > 1:
        yield _sentence(SLOWEST)
    for move in loss["takeover"]["moves"]:
        before, after = shares(move["before"]), shares(move["after"])
        yield f"{escape(move['clients'])}: {escape(before)} → <b>{escape(after)}</b>"
    if not loss["takeover"]["moves"]:
        yield "No client is answered with it while all is well."
    for check in loss["untimed"]:
        yield f"No time: {escape(check)} turns red by other means than a probe."
    for why in loss["takeover"]["why_dead"]:
        share = f"{loss['takeover']['still_dead']:.0%} are sent there"
        yield f'<span class="dead">Never recovers ({share}): {escape(why)}</span>'


def _sentence(line: str) -> str:
    return escape(f"{line[0].upper()}{line[1:]}.")


def _curves(loss: Json, document: Json) -> str:
    """The share of clients still failing over time, one line for each kind."""
    ends = [
        s["worst_s"] for k, s in loss["clients"].items()
        if s["worst_s"] is not None and k != "ttl-stretched"
    ]  # fmt: skip
    end_s = 1.08 * max([*ends, document["rto_s"] or 0.0], default=60.0)
    lines, legend = [], []
    for number, (kind, spread) in enumerate(loss["clients"].items()):
        points = spread["curve"] or [(0.0, 1.0), (end_s, 1.0)]
        style = f"k{number % COLOURS}{'' if spread['curve'] else ' stays'}"
        lines.append(f'<path class="{style}" d="{_path(points, end_s)}"/>')
        legend.append(f'<span><i class="{style}"></i>{escape(kind)}</span>')
    step = next(s for s in (5, 10, 20, 30, 60, 120, 300, 600, 3600) if end_s / s <= 7 or s == 3600)
    ticks = "".join(
        f'<text x="{_pct(t, end_s)}" y="{HEIGHT - 8}" '
        f'text-anchor="{_anchor(t, end_s)}">{t} s</text>'
        for t in range(0, int(end_s) + 1, step)
    )
    grid = "".join(
        f'<line x1="0" x2="100%" y1="{_y(v):.0f}" y2="{_y(v):.0f}"/>'
        f'<text x="0" y="{_y(v) + (15 if v else -5):.0f}">{v:.0%}</text>'
        for v in (0.0, 0.5, 1.0)
    )
    return (
        f'<div class="kinds"><b>Clients not yet served</b>{"".join(legend)}</div>'
        f'<svg class="curves" height="{HEIGHT}" role="img" '
        f'aria-label="share of clients not yet served, over seconds">{grid}{ticks}'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" width="100%" '
        f'height="{HEIGHT}">{"".join(lines)}</svg>{_objective(document["rto_s"], end_s)}</svg>'
    )


def _objective(rto_s: float | None, end_s: float) -> str:
    if rto_s is None:
        return ""
    x = _pct(rto_s, end_s)
    left = rto_s > 0.7 * end_s
    return (
        f'<line class="rto" x1="{x}" x2="{x}" y1="{_y(1):.0f}" y2="{_y(0):.0f}"/>'
        f'<text class="rto-name" x="{x}" dx="{-4 if left else 4}" y="{_y(1) + 14:.0f}" '
        f'text-anchor="{"end" if left else "start"}">objective {rto_s:g} s</text>'
    )


def _path(points: list[tuple[float, float]], end_s: float) -> str:
    inside = [(t, v) for t, v in points if t <= end_s]
    if inside and inside[-1][0] < end_s:
        later = next(((t, v) for t, v in points if t > end_s), None)
        t, v = inside[-1]
        slope = (later[1] - v) / (later[0] - t) if later else 0.0
        inside.append((end_s, v + slope * (end_s - t)))
    return "M" + "L".join(f"{_x(t, end_s):.1f} {_y(v):.1f}" for t, v in inside)


def _x(t_s: float, end_s: float) -> float:
    return WIDTH * t_s / end_s


def _pct(t_s: float, end_s: float) -> str:
    return f"{100 * t_s / end_s:.1f}%"


def _anchor(t_s: float, end_s: float) -> str:
    """How a label stands at its instant, so that it does not leave the picture."""
    return "start" if t_s == 0 else "end" if t_s > 0.95 * end_s else "middle"


def _y(share: float) -> float:
    return TOP + (HEIGHT - BOTTOM - TOP) * (1 - share)


def _table(loss: Json) -> str:
    advice = loss["advice"]
    columns = [("", "kind of client"), ("n", "mean"), ("n", "p50"), ("n", "p95"), ("n", "worst")]
    if advice is not None:
        columns.append(("", f"{100 * advice['p']:g} % within {advice['rto_s']:g} s"))
    rows: list[list[Cell]] = []
    for kind, spread in loss["clients"].items():
        times = [seconds(spread[m]) for m in ("mean_s", "p50_s", "p95_s", "worst_s")]
        rows.append([kind, *times, *([] if advice is None else [_judged(kind, advice)])])
    return table(columns, rows)


def _judged(kind: str, advice: Json) -> tuple[str, str]:
    within = advice["within_s"][kind]
    if within is None or within > advice["rto_s"]:
        return "miss", f"no: {seconds(within)}"
    return "", f"yes: {seconds(within)}"


def _advice(advice: Json | None) -> str:
    if advice is None:
        return ""
    rows = "".join(
        f"<tr><td class='n'>−{c['gain_s']:.0f} s</td><td class='wrap'>{escape(c['text'])}</td>"
        f"<td>{'meets it' if c['meets'] else ''}</td></tr>"
        for c in advice["changes"][:8]
    )
    plan = " and ".join(advice["plan"]) or (
        "nothing to change" if advice["is_possible"] else "no settings do on this architecture"
    )
    beyond = "".join(f"<li>{escape(text)}</li>" for text in advice["unfixable"])
    return (
        f"<h3>What meets {advice['rto_s']:g} s</h3><p><b>{escape(plan)}</b></p>"
        f'<div class="scroll"><table><tr><th class="n">gains</th><th>one change by itself</th>'
        f"<th></th></tr>{rows}</table></div>"
        + (f"<h3>Beyond settings</h3><ul class='plain'>{beyond}</ul>" if beyond else "")
    )


def _policies(rows: list[Json]) -> str:
    if not rows:
        return ""
    columns = [("", "policy"), ("", "lost"), ("n", "clients hit"), ("n", "survivor"),
               ("", "then answered"), ("wrap", "")]  # fmt: skip
    found = table(columns, [
        [r["policy"], r["lost"], f"{r['hit']:.0%}", _growth(r["busiest"]), shares(r["loads"]),
         r["remark"]] for r in rows
    ])  # fmt: skip
    return (
        '<section class="card"><h2>The same loss under other routing policies</h2>'
        f"{found}</section>"
    )


def _growth(busiest: float | None) -> str:
    return "from cold" if busiest is None else f"× {busiest:g}"


def _assumptions(document: Json) -> str:
    kinds = "".join(
        f"<tr><td>{escape(k)}</td><td class='wrap'>{escape(says)}</td></tr>"
        for k, says in document["kinds"].items()
    )
    left_out = "".join(f"<li>{escape(text)}</li>" for text in document["not_included"])
    return (
        f'<section class="card"><h2>Kinds of client</h2><table>{kinds}</table></section>'
        f'<section class="card"><h2>Not included</h2><ul class="plain">{left_out}</ul></section>'
    )
