"""The findings as lines of text: the screen at the end of a run.

Pure: findings in, lines out. Colour is the caller's; the words carry the meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gameday.measure.timeline import LABELS
from gameday.measure.track_record import TrackRecord
from gameday.model import EXIT_CODES, Verdict
from gameday.report import words

Json = Mapping[str, Any]

LABEL_WIDTH = 13
SURPRISES_MAX = 5
"""The report has them all."""
TRY_NEXT = "gameday run {file} --clients pooled=100"


def lines(findings: Json, record: TrackRecord | None = None) -> list[str]:
    """The whole screen: what happened when, an empty line, and the verdict with its numbers."""
    return [*timeline_lines(findings), "", *verdict_lines(findings, record)]


def timeline_lines(findings: Json) -> list[str]:
    """One line per moment; the clock starts with the baseline, in AWS seconds."""
    zero = findings["run"].get("baseline_s") or 0.0
    predicted = findings.get("predicted") or {}
    bands = {"detected": predicted.get("detection"), "recovered": predicted.get("recovery")}
    found = []
    for moment in findings["timeline"]:
        text = f"  {words.clock(moment['t_s'] + zero)}  {LABELS[moment['name']]:<{LABEL_WIDTH}}"
        band = bands.get(moment["name"])
        found.append(f"{text}{moment['text']}{_predicted_at(band, zero)}")
    return found


def verdict_lines(findings: Json, record: TrackRecord | None = None) -> list[str]:
    """The verdict and the numbers beneath it; `record`: what predictions were worth so far."""
    verdict = findings["verdict"]
    head = f"{verdict}  {_headline(findings)}"
    headline = record.headline if record else None
    rows = [("recovery time", _recovery(findings)), *_chain(findings["chain"]),
            ("track record", str(headline or "")), ("data behind", _data(findings)),
            ("clients", _clients(findings)),
            *(("surprise", text) for text in findings["surprises"][:SURPRISES_MAX]),
            ("evidence", _evidence(findings["run"])), ("report", _path(findings["run"])),
            ("try next", _try_next(findings))]  # fmt: skip
    more = [f"  {'also':<{LABEL_WIDTH + 2}}{reason}" for reason in findings["reasons"][1:]]
    return [
        f"{head}   exit {EXIT_CODES[Verdict(verdict)]}",
        *more,
        *(f"  {label:<{LABEL_WIDTH + 2}}{text}" for label, text in rows if text),
    ]


def _predicted_at(band: Json | None, zero: float) -> str:
    if not band or band["p5_s"] is None or band["p95_s"] is None:
        return ""
    low, high = words.clock(band["p5_s"] + zero), words.clock(band["p95_s"] + zero)
    return f"   predicted {low}" + (f"..{high}" if high != low else "")


def _headline(findings: Json) -> str:
    recovery = findings["recovery"]
    if findings["verdict"] != Verdict.PASSED or not recovery["recovery_s"]:
        return str(findings["sentence"])
    text = (
        f"clients were served again {words.seconds(recovery['recovery_s'])} after losing "
        f"{findings['run']['region']}"
    )
    if recovery["objective_s"] is None:
        return text
    return f"{text}; the RTO is {words.seconds(recovery['objective_s'])}"


def _recovery(findings: Json) -> str:
    recovery = findings["recovery"]
    if findings["run"].get("fault_at") is None:
        return ""
    measured = recovery["recovery_s"]
    text = "never" if measured is None else words.seconds(measured)
    parts = [
        f"{text:<7}RTO {words.seconds(recovery['objective_s']):<7}"
        f"predicted {words.band(recovery['predicted'])}"
    ]
    parts += [f"{k['profile']} {words.figure(k['max'])} max" for k in findings["clients"]]
    return "   ".join(parts[:1]) + ("   " + ", ".join(parts[1:]) if parts[1:] else "")


def _chain(chain: Json) -> Iterator[tuple[str, str]]:
    """Each link beside its prediction, and which of them differs."""
    width = 1 + max((len(link["name"]) for link in chain["links"]), default=0)
    for link in chain["links"]:
        measured = "open" if link["measured_s"] is None else words.seconds(link["measured_s"])
        beside = f"{link['name']:<{width}}{measured:<7}predicted {words.band(link['predicted'])}"
        yield "of which", f"{beside}   {words.difference(link['difference'])}".rstrip()
    yield "prediction", chain["compared"]


def _data(findings: Json) -> str:
    data = findings["data_behind"]
    found = data["at_fault"]
    if found is None:
        why = "" if data["objective_s"] is not None else ": no objective asks for it"
        return f"not measured{why}" if findings["run"].get("fault_at") else ""
    text = (
        f"{words.seconds(found['oldest_age_s']):<7}RPO {words.seconds(data['objective_s']):<7}"
        f"{words.count(found['missing'], 'write')} at the fault"
    )
    back = data["after_fail_back"]
    if back is None:
        return text
    return (
        f"{text}; after fail-back {back['lost']} lost, "
        f"{words.count(back['conflicts'], 'conflict')}, {back['unknown']} unknown"
    )


def _clients(findings: Json) -> str:
    found = findings["availability"]
    if found is None:
        return ""
    return (
        f"{words.pct(found['failed_pct'])} of {found['requests']:,} requests failed; "
        f"{words.pct(found['users_with_error_pct'])} of users saw an error; "
        f"{words.pct(found['month_budget_pct'])} of a 99.9 % month's budget"
    )


def _evidence(run: Json) -> str:
    text = f"level {run['level']} of 5 ({run['evidence']})"
    if run["level"] > 2:
        return text
    return f"{text}; AWS's own propagation between health check and DNS is not included"


def _path(run: Json) -> str:
    return f"reports/runs/{run['experiment']}/{run['id']}/report.html"


def _try_next(findings: Json) -> str:
    """The run that shows what this one did not: clients that never leave."""
    run = findings["run"]
    clients = (run.get("load") or {}).get("clients") or {}
    if findings["verdict"] != Verdict.PASSED or run["fault"] != "errors" or "pooled" in clients:
        return ""
    file = run.get("experiment_file") or f"experiments/{run['experiment']}.yaml"
    return f"{TRY_NEXT.format(file=file)}     # FAILS: these never leave"
