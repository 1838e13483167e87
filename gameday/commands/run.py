"""`gameday run`: an experiment or a job file, in a lab of its own unless one is up."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from gameday import jobs, runner, settings, upload
from gameday.commands import gate
from gameday.commands.dry_run import dry_run, is_dry
from gameday.commands.lab import lab_config, lab_options, say_phase, say_ready
from gameday.commands.lab_options import said_again
from gameday.commands.numbers import OBJECTIVE, POSITIVE, RATE
from gameday.commands.opening import say_opening
from gameday.commands.orders import orders_of
from gameday.commands.screen import Screen
from gameday.commands.text import Narrator
from gameday.commands.word import word_options
from gameday.errors import GamedayError, UsageError
from gameday.lab import handle
from gameday.lab.config import LabConfig, check_name
from gameday.measure import track_record
from gameday.model import EXIT_CODES, Verdict
from gameday.report import terminal

NOT_KEPT = shutil.ignore_patterns("*.log", "journal.json", "manifest.sha256")
"""What names the machine it ran on."""

WEB_PORT = "8089"
"""Locust's own."""

WORST_FIRST = (Verdict.ERROR, Verdict.STOPPED, Verdict.FAILED, Verdict.PASSED)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@lab_options
@click.option("--clients", metavar="MIX", help="Who is using it, e.g. per-request=50,pooled=50.")
@click.option("--rate", type=RATE, help="Requests offered per AWS second.")
@click.option("--load", metavar="COURSE", help="How, e.g. poisson,ramp_s=60,surge=1.5,surge_s=120.")
@click.option("--locustfile", metavar="FILE", help="Your own locustfile, as it is.")
@click.option("--web", is_flag=True, help="Show Locust's pages with the tab Failover.")
@click.option("--region", help="The Region to lose (default: the home Region).")
@click.option("--rto", type=POSITIVE, help="Recovery time objective, AWS seconds.")
@click.option("--rpo", type=OBJECTIVE, help="Recovery point objective, AWS seconds; inf: none.")
@click.option("--target", type=click.Path(path_type=Path), help="A target's env file.")
@word_options
@click.option("--json", "as_json", is_flag=True, help="Print findings.json and nothing else.")
@click.option("--keep-as", type=click.Path(path_type=Path), help="Copy the run there, too.")
def run(file: Path, as_json: bool, keep_as: Path | None, **options: Any) -> None:
    """Run FILE, an experiment or a job file, and give a verdict.

    On AWS it is a dry run, which changes nothing, until --confirm names what will be hit.

    Exit codes: 0 PASSED (or a dry run without refusal), 1 FAILED, 2 wrong usage, 3 ERROR (or
    refused), 4 STOPPED.
    """
    if not file.exists():
        raise UsageError(f"{file}: no such file; shipped experiments are in experiments/")
    say = Narrator(quiet=as_json)
    orders = orders_of(file, options, _web_port(options))
    job = jobs.load(file) if jobs.is_job(file) else None
    gates = gate.run(job, say) if job else gate.Gates()
    if job and not orders:  # its steps need no lab
        sys.exit(_exit_code(_job(job, gates, orders, {}, say, as_json)))
    if port := _web_port(options):
        say.say("web", f"http://127.0.0.1:{port}/?tab=failover while the load runs")
    with target_of(options, say) as env:
        if is_dry(orders, env):
            dry_run(orders, env, say)
            verdicts = gates.verdicts or [Verdict.PASSED]
        elif job:
            verdicts = _job(job, gates, orders, env, say, as_json)
        else:
            run_dir, findings = _one(orders[0], env, say)
            _show((run_dir, findings), say, as_json=as_json, again=said_again(options))
            verdicts = [Verdict(findings["verdict"])]
            if keep_as:
                shutil.copytree(run_dir, keep_as, dirs_exist_ok=True, ignore=NOT_KEPT)
    sys.exit(_exit_code(verdicts))


def _exit_code(verdicts: list[Verdict]) -> int:
    """That of the worst."""
    return EXIT_CODES[next(v for v in WORST_FIRST if v in verdicts)]


def _job(
    job: jobs.Job,
    gates: gate.Gates,
    orders: list[tuple[Path, dict[str, str]]],
    env: Mapping[str, str],
    say: Narrator,
    as_json: bool,
) -> list[Verdict]:
    """Run a job's experiments one after another, its steps have been taken; a stopped is the last.

    One that cannot begin is an ERROR and the others still run; the JUnit file is written always.
    """
    verdicts = list(gates.verdicts)
    done: list[tuple[Path, dict[str, Any]]] = []
    try:
        for order in orders:
            number = len(verdicts) - len(gates.verdicts) + 1
            say.say("job", f"{number} of {len(orders)}: {order[0]}")
            try:
                done.append(_one(order, env, say))
            except GamedayError as e:
                click.echo(f"gameday: {order[0]}: {e}", err=True)
                verdicts.append(Verdict.ERROR)
                continue
            _show(done[-1], say)
            verdicts.append(Verdict(done[-1][1]["verdict"]))
            if verdicts[-1] is Verdict.STOPPED:
                break
    finally:
        if done or gates.suites:
            run_dirs = [run_dir for run_dir, _ in done]
            say.say("junit", str(jobs.write_junit(job, run_dirs, gates.suites)))
    if as_json:
        click.echo(json.dumps([*gates.documents, *(f for _, f in done)], indent=2))
    return verdicts


def _show(
    run: tuple[Path, dict[str, Any]], say: Narrator, *, as_json: bool = False, again: str = ""
) -> None:
    """The verdict; `again` are the options without which the suggested run would be another."""
    run_dir, findings = run
    if as_json:
        click.echo(json.dumps(findings, indent=2))
    record = track_record.beside(run_dir)
    for line in terminal.verdict_lines(findings, record):
        line = line.replace("gameday run ", f"{_our_name()} run ")
        say.line(line.replace(" --clients ", f"{again} --clients "))


def _web_port(options: Mapping[str, Any]) -> str | None:
    return (os.environ.get("GAMEDAY_WEB_PORT") or WEB_PORT) if options["web"] else None


@contextlib.contextmanager
def target_of(options: dict[str, Any], say: Narrator) -> Iterator[dict[str, str]]:
    """The settings of what is tested: a target file's, the lab's around us, or a lab of our own."""
    if options["target"]:
        yield runner.target_environment(options["target"])
        return
    if os.environ.get("GAMEDAY_ADMIN"):
        yield {k: v for k, v in os.environ.items() if k.startswith(("GAMEDAY_", "AWS_"))}
        return
    folder = Path.cwd() / ".gameday" / check_name(options["name"])
    if handle.is_up(folder):
        say.say("lab", f"using {options['name']}, which is up")
        yield handle.environment(folder)
        return
    if options["template"] and not options["program"] and not options["endpoint"]:
        raise UsageError("--template: say by --endpoint NAME which name its clients use, "
                         "e.g. api.example.test")  # fmt: skip
    config: LabConfig = lab_config(options)
    with handle.running(config, lambda phase: say_phase(say, phase)) as ready:
        say_ready(say, config, ready, stays=False)
        yield ready["ready"]


def _one(
    order: tuple[Path, dict[str, str]],
    env: Mapping[str, str],
    say: Narrator,
) -> tuple[Path, dict[str, Any]]:
    """One experiment's run directory and findings."""
    file, extra = order
    check_region(extra.get("GAMEDAY_REGION") or env.get("GAMEDAY_REGION"), env)
    say_opening(file, {**env, **extra}, say)
    screen = Screen(say)
    with screen.keys():
        run_dir, findings = runner.run(
            runner.Order(file, Path.cwd(), env, extra),
            runner.Watchers(screen.start, screen.event, screen.tick, screen.wish),
        )
    say.end()
    with runner.environment({**os.environ, **env}):
        if stored := upload.store(run_dir, settings.current()):
            say.say("stored", stored)
    return run_dir, findings


def _our_name() -> str:
    """How this command is called from here: `gameday`, or by its path where that is not enough."""
    if shutil.which("gameday"):
        return "gameday"
    beside = Path(sys.executable).with_name("gameday")
    if not beside.exists():
        return "gameday"
    return os.path.relpath(beside) if beside.is_relative_to(Path.cwd()) else str(beside)


def check_region(region: str | None, env: Mapping[str, str]) -> None:
    known = env.get("GAMEDAY_REGIONS", "").split(",")
    if not region:
        raise UsageError(f"name the Region to lose: --region {'|'.join(known)}")
    if region not in known:
        raise UsageError(f"--region {region}: this target's Regions are {', '.join(known)}")
