"""`gameday report`: a run's findings computed anew from its files, rendered and judged."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from gameday import report as reports
from gameday.errors import RunError, UsageError
from gameday.measure import track_record
from gameday.model import EXIT_CODES, Verdict
from gameday.report import manifest, terminal


@click.command()
@click.argument("run_dir", type=click.Path(path_type=Path), default=Path("reports/latest"))
@click.option("--json", "as_json", is_flag=True, help="Print findings.json and nothing else.")
@click.option("--check", is_flag=True, help="Only tell whether a file was changed since.")
def report(run_dir: Path, as_json: bool, check: bool) -> None:
    """Compute the findings of RUN_DIR (default: the latest run) and write its reports.

    Of a folder of runs it says how often their predictions came true, and writes nothing.
    """
    if check:
        _check(run_dir)
        return
    if run_dir.is_dir() and not (run_dir / "run.json").exists():
        _record(run_dir, as_json)
        return
    findings = reports.write(run_dir.resolve())
    if as_json:
        click.echo(json.dumps(findings, indent=2))
    else:
        for line in terminal.lines(findings, track_record.beside(run_dir)):
            click.echo(line)
    sys.exit(EXIT_CODES[Verdict(findings["verdict"])])


def _check(run_dir: Path) -> None:
    changed = manifest.changed(run_dir)
    if changed:
        more = f", and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise RunError(f"{run_dir}: {changed[0]} since its report was written{more}")
    click.echo(f"{run_dir}: as it was when its report was written")


def _record(folder: Path, as_json: bool) -> None:
    found = track_record.track_record(track_record.read(folder))
    if not found.runs:
        raise UsageError(f"{folder}: no run in it has findings; `gameday run` leaves them there")
    if as_json:
        numbers = [asdict(n) | {"share": n.share, "interval": n.interval} for n in found.numbers]
        click.echo(json.dumps(asdict(found) | {"numbers": numbers}, indent=2))
    else:
        click.echo("\n".join(found.lines()))
