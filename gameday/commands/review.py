"""`gameday review`: templates, exports, experiments, runbooks and targets against the rules."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from gameday import clock
from gameday.commands.numbers import POSITIVE
from gameday.errors import UsageError
from gameday.review import engine, output
from gameday.review.catalogue import catalogue
from gameday.review.model import Finding, Severity
from gameday.route53.exports import read_json, rows

PATH = click.Path(path_type=Path)
SUPPRESSIONS = Path("review.yaml")


@click.command()
@click.argument("paths", nargs=-1, type=PATH)
@click.option("--rto", type=POSITIVE, help="Objective in seconds (default: that of stacks.yaml).")
@click.option("--format", "form", default="text", type=click.Choice(output.FORMATS))
@click.option("--output", "out", type=PATH, help="Write there instead of to the terminal.")
@click.option(
    "--fail-on",
    default="error",
    show_default=True,
    type=click.Choice([s.value for s in Severity]),
    help="Exit 1 from this severity on.",
)
@click.option(
    "--suppressions",
    type=PATH,
    help="Findings that are accepted for a while (default: review.yaml, if there).",
)
@click.option(
    "--baseline",
    type=PATH,
    help="A former `--format json`: only findings that it does not have count.",
)
@click.option("--rules", is_flag=True, help="List every rule.")
@click.option("--explain", metavar="RULE", help="One rule: why, remedy, source, examples.")
def review(
    paths: tuple[Path, ...], rto: float | None, form: str, out: Path | None, fail_on: str,
    suppressions: Path | None, baseline: Path | None, rules: bool, explain: str | None,
) -> None:  # fmt: skip
    """What in PATHS (files or folders) will not survive the loss of a Region, and why."""
    if rules or explain:
        _about_rules(explain)
        return
    if not paths:
        raise UsageError("name files or folders to review")
    findings, files = reviewed(Asked(paths, rto, suppressions, baseline))
    text = output.render(findings, form, files)
    if out:
        _write(out, text)
    else:
        click.echo(text)
    severest = engine.worst(findings)
    sys.exit(int(severest is not None and severest.rank >= Severity(fail_on).rank))


@dataclass(frozen=True, slots=True)
class Asked:
    """What to review, and which findings do not count."""

    paths: tuple[Path, ...]
    rto_s: float | None = None
    suppressions: Path | None = None  # review.yaml, where there is one
    baseline: Path | None = None


def reviewed(asked: Asked) -> tuple[list[Finding], list[str]]:
    """Every finding, those that do not count marked; and the files that were looked at.

    :raises UsageError: a file that cannot be read, or nothing to review.
    """
    from gameday.commands.review_files import subjects  # the translator is slow to import

    found, files = subjects(asked.paths, asked.rto_s)
    if not found:
        raise UsageError(f"{asked.paths[0]}: nothing in it that can be reviewed")
    today = clock.utc(clock.now())[:10]
    file = asked.suppressions or (SUPPRESSIONS if SUPPRESSIONS.is_file() else None)
    accepted = engine.read_suppressions(file) if file else []
    findings = engine.suppress(engine.review(found), accepted, today)
    if asked.baseline:
        before = rows(read_json(asked.baseline), "findings", str(asked.baseline))
        findings = engine.known(findings, before)
    for sentence in engine.expired(accepted, today):
        click.echo(f"gameday: {file}: {sentence}", err=True)
    return findings, files


def _about_rules(wanted: str | None) -> None:
    known = {rule.id: rule for rule in catalogue()}
    if wanted is None:
        for rule in known.values():
            click.echo(f"{rule.id:<30} {rule.severity:<8} {rule.about:<11} {rule.why}")
    elif wanted in known:
        click.echo(output.explain(known[wanted]))
    else:
        raise UsageError(f"there is no rule {wanted}; `gameday review --rules` lists them")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as e:
        raise UsageError(f"{path}: cannot write it: {e.strerror}") from e
