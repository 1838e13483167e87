"""`gameday report`: a run's findings computed anew from its files, rendered and judged."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from gameday import report as reports
from gameday.model import EXIT_CODES, Verdict
from gameday.report import terminal


@click.command()
@click.argument("run_dir", type=click.Path(path_type=Path), default=Path("reports/latest"))
@click.option("--json", "as_json", is_flag=True, help="Print findings.json and nothing else.")
def report(run_dir: Path, as_json: bool) -> None:
    """Compute the findings of RUN_DIR (default: the latest run) and write its reports."""
    findings = reports.write(run_dir.resolve())
    if as_json:
        click.echo(json.dumps(findings, indent=2))
    else:
        for line in terminal.lines(findings):
            click.echo(line)
    sys.exit(EXIT_CODES[Verdict(findings["verdict"])])
