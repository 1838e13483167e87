"""The picture of a run: one time axis, three lanes, requests per second, alarms, markers.

An SVG made of rectangles and paths; colours come from the page's style sheet, so light, dark and
print are the page's business. `width` is in pixels at which text is legible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from gameday.measure.timeline import LABELS
from gameday.report import words
from gameday.report.axis import Frame, axis
from gameday.report.chart import chart
from gameday.report.markers import Label, place

Json = Mapping[str, Any]

SHOWN = ("fault", "detected", "dns_moved", "first_alarm", "recovered", "put_back", "failed_back")
ROW, LANE, GAP = 16.0, 15.0, 6.0
CHAR_WIDTH = 6.4


def picture(findings: Json, width: int, chart_height: int) -> str:
    """The SVG, or an empty string for a run whose fault never started."""
    lanes, traffic = findings["lanes"], findings["traffic"]
    if lanes is None or traffic is None:
        return ""
    narrow = width < 600
    frame = Frame(lanes["start_s"], lanes["end_s"], 8 if narrow else 122, width - 12)
    labels = place(_markers(findings, frame), width - 4, CHAR_WIDTH)
    top = (max((m.row for m in labels), default=0) + 1) * ROW + 4
    parts, y = [], top
    for lane in (_fault_lane, _votes_lane, _dns_lane):
        drawn, y = lane(findings, frame, y, narrow)
        parts.append(drawn)
    chart_top = y + 4
    parts.append(chart(findings, frame, chart_top, chart_height, narrow))
    foot = y = chart_top + chart_height
    parts.append(axis(frame, y, narrow))
    drawn, y = _alarm_lane(findings, frame, y + 22, narrow)
    parts.append(drawn)
    lines = "".join(_marker(m, y if m.name == "first_alarm" else foot) for m in labels)
    band = _band(findings, frame, chart_top, chart_height)
    return (
        f'<svg class="picture {"narrow" if narrow else "wide"}" viewBox="0 0 {width} {y:.0f}" '
        f'role="img" aria-label="{escape(caption(findings), quote=True)}" '
        f'data-start="{frame.start_s}" data-end="{frame.end_s}" '
        f'data-left="{frame.left}" data-right="{frame.right}" data-width="{width}">'
        f"{_patterns(narrow)}{band}{''.join(parts)}{lines}"
        f'<line class="cross" y1="{top}" y2="{y:.0f}"/></svg>'
    )


def caption(findings: Json) -> str:
    """What the picture shows, in sentences made of the chain's numbers."""
    links = {link["name"]: link["measured_s"] for link in findings["chain"]["links"]}
    if not links:
        return str(findings["sentence"])
    said = [f"Route 53 noticed after {words.seconds(links['detect'])}."]
    if links.get("resolver caches") is not None:
        said.append(f"New connections moved within {words.seconds(links['resolver caches'])} more.")
    kept = [k for k in findings["clients"] if k["profile"].startswith("pooled")]
    for kind in kept:
        age = kind["profile"].removeprefix("pooled-max-age-")
        if kind["censored"]:
            said.append(f"{kind['censored']} of {kind['counted']} clients with {kind['profile']} "
                        "had not recovered when the fault ended.")  # fmt: skip
        elif age != kind["profile"]:
            said.append(f"Clients that keep a connection for {age} s moved when it was that old; "
                        f"the last after {words.figure(kind['max'])}.")  # fmt: skip
    return " ".join(said)


def _markers(findings: Json, frame: Frame) -> list[tuple[str, str, float]]:
    found = []
    for moment in findings["timeline"]:
        if moment["name"] in SHOWN:
            text = LABELS[moment["name"]].lower().replace("dns", "DNS")
            if moment["name"] != "fault":
                text += f" {words.seconds(moment['t_s'])}"
            found.append((moment["name"], text, frame.x(moment["t_s"])))
    objective = findings["recovery"]["objective_s"]
    if objective is not None and objective < frame.end_s:
        found.append(("objective", f"RTO {words.seconds(objective)}", frame.x(objective)))
    return sorted(found, key=lambda m: m[2])


def _marker(label: Label, bottom: float) -> str:
    y = label.row * ROW + 12
    anchor, x = ("end", label.right) if label.leftward else ("start", label.left)
    return (
        f'<g class="marker {label.name}"><line x1="{label.x}" x2="{label.x}" '
        f'y1="{y - 10:.0f}" y2="{bottom:.0f}"/>'
        f'<text x="{x:.1f}" y="{y:.0f}" text-anchor="{anchor}">{escape(label.text)}</text></g>'
    )


def _name(text: str, frame: Frame, y: float, narrow: bool) -> tuple[str, float]:
    """A lane's name: left of it, or on a narrow page above it. Returns the lane's top, too."""
    if narrow:
        return f'<text class="name" x="{frame.left}" y="{y + 12:.0f}">{escape(text)}</text>', y + 17
    return (
        f'<text class="name" x="{frame.left - 8}" y="{y + 12:.0f}" text-anchor="end">'
        f"{escape(text)}</text>"
    ), y


def _rect(kind: str, x1: float, x2: float, y: float, height: float, title: str = "") -> str:
    inner = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<rect class="{kind}" x="{x1}" y="{y:.1f}" width="{max(0.0, x2 - x1):.1f}" '
        f'height="{height:.1f}">{inner}</rect>'
    )


def _fault_lane(findings: Json, frame: Frame, y: float, narrow: bool) -> tuple[str, float]:
    name, y = _name("fault", frame, y, narrow)
    found = findings["lanes"]["fault"]
    title = ", ".join(findings["run"]["effects"])
    hatch = f"hatch-{'n' if narrow else 'w'}"
    parts = [name, _rect("lane", frame.left, frame.right, y, LANE)]
    if found:
        x1, x2 = frame.x(found[0]), frame.x(found[1])
        parts.append(_rect("fault-lane", x1, x2, y, LANE, title))
        parts.append(f'<rect x="{x1}" y="{y}" width="{x2 - x1:.1f}" height="{LANE}" '
                     f'fill="url(#{hatch})"/>')  # fmt: skip
    return "".join(parts), y + LANE + GAP


def _votes_lane(findings: Json, frame: Frame, y: float, narrow: bool) -> tuple[str, float]:
    """Checkers of the Region under test that report healthy, as a step area of 0..16."""
    region = findings["run"]["region"]
    found = findings["lanes"]["votes"].get(region, {"of": 16, "steps": []})
    name, y = _name(f"healthy 0..{found['of']}", frame, y, narrow)
    height = LANE * 1.6
    steps = [(frame.x(t), votes) for t, votes, _ in found["steps"]] or [(frame.left, 0)]
    points = [f"M{frame.left},{y + height:.1f}"]
    for i, (x, votes) in enumerate(steps):
        until = steps[i + 1][0] if i + 1 < len(steps) else frame.right
        top = y + height * (1 - votes / max(found["of"], 1))
        points.append(f"L{x},{top:.1f}L{until},{top:.1f}")
    points.append(f"L{frame.right},{y + height:.1f}Z")
    lane = _rect("lane", frame.left, frame.right, y, height)
    title = f"<title>checkers that report {escape(region)} healthy</title>"
    area = f'<path class="votes" d="{"".join(points)}">{title}</path>'
    return name + lane + area, y + height + GAP


def _dns_lane(findings: Json, frame: Frame, y: float, narrow: bool) -> tuple[str, float]:
    """What each network is answered."""
    parts = []
    regions = findings["run"]["regions"] or []
    for network, intervals in findings["lanes"]["dns"].items():
        name, y = _name(f"DNS {network.removeprefix('near-')}", frame, y, narrow)
        parts.append(name)
        for since, until, answer in intervals:
            x1, x2 = frame.x(since), frame.x(until)
            kind = f"dns r{regions.index(answer)}" if answer in regions else "dns odd"
            parts.append(_rect(kind, x1, x2, y, LANE, f"{network}: {answer}"))
            if x2 - x1 > len(answer) * CHAR_WIDTH + 8:
                parts.append(f'<text class="on {kind.split()[1]}" x="{x1 + 5}" '
                             f'y="{y + 11.5:.1f}">{escape(answer)}</text>')  # fmt: skip
        y += LANE + 3
    return "".join(parts), y + GAP - 3


def _alarm_lane(findings: Json, frame: Frame, y: float, narrow: bool) -> tuple[str, float]:
    parts = []
    found = findings["lanes"]["alarms"]
    for alarm, intervals in list(found.items())[:3] or [("no alarm", [])]:
        name, y = _name("alarms", frame, y, narrow)
        parts += [name, _rect("lane", frame.left, frame.right, y, LANE)]
        for since, until, _ in intervals:
            parts.append(_rect("alarm", frame.x(since), frame.x(until), y, LANE, alarm))
        parts.append(_alarm_name(alarm, intervals, frame, y + 11.5))
        y += LANE + 3
    return "".join(parts), y + 2


def _alarm_name(alarm: str, intervals: Sequence[Any], frame: Frame, y: float) -> str:
    """Inside its first block where it fits, else beside it."""
    room = len(alarm) * CHAR_WIDTH + 12
    x1, x2 = (frame.x(t) for t in intervals[0][:2]) if intervals else (frame.left, frame.left)
    kind, x, anchor = "on", x2 + 5, "start"
    if x2 - x1 > room:
        kind, x = "on alarm-name", x1 + 5
    elif x2 + room > frame.right:
        x, anchor = x1 - 5, "end"
    return f'<text class="{kind}" x="{x}" y="{y:.1f}" text-anchor="{anchor}">{escape(alarm)}</text>'


def _band(findings: Json, frame: Frame, top: float, height: float) -> str:
    """The predicted 5 to 95 % band of the recovery time."""
    predicted = findings["recovery"]["predicted"]
    if not predicted or predicted["p5_s"] is None or not predicted["p5_s"]:
        return ""
    low, high = predicted["p5_s"], predicted["p95_s"]
    x1, x2 = frame.x(low), frame.x(high) if high is not None else frame.right
    title = f"predicted recovery: {words.band(predicted)}"
    return _rect("band", x1, max(x2, x1 + 2), top - 4, height + 4, title)


def _patterns(narrow: bool) -> str:
    name = f"hatch-{'n' if narrow else 'w'}"
    return (
        f'<defs><pattern id="{name}" width="7" height="7" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="7"/>'
        "</pattern></defs>"
    )
