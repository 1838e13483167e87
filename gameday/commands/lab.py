"""`gameday lab`: up, down, status, run, logs, cut, heal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from gameday.commands.lab_logs import logs
from gameday.commands.lab_options import lab_config, lab_options, region_option
from gameday.commands.text import Narrator
from gameday.errors import GamedayError, UsageError
from gameday.lab import handle
from gameday.lab.config import LabConfig, check_name
from gameday.lab.handle import Handle


@click.group()
def lab() -> None:
    """The lab: Regions, Lambda, DynamoDB, Route 53 and AWS's API on loopback addresses."""


@lab.command()
@lab_options
@region_option
def up(**options: Any) -> None:
    """Start a lab, deploy the application into it, and leave it running."""
    config, say = lab_config(options), Narrator()
    started = Handle(config, lifeline=False)
    ready = started.wait_ready(lambda phase: say_phase(say, phase))
    say_ready(say, config, ready)


@lab.command(context_settings={"allow_interspersed_args": False})
@lab_options
@region_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(command: tuple[str, ...], **options: Any) -> None:
    """Start a lab, run COMMAND with its environment, and end the lab. Exits as COMMAND does."""
    config, say = lab_config(options), Narrator(err=True)
    with handle.running(config, lambda phase: say_phase(say, phase)) as ready:
        say_notes(say, ready)
        try:
            child = subprocess.Popen(command, env=_with_our_commands() | ready["ready"])
        except OSError as e:
            raise UsageError(f"{command[0]}: cannot run this command: {e.strerror}") from e
        code = _wait(child)
    sys.exit(code)


def _with_our_commands() -> dict[str, str]:
    """This process's environment, with `chaos`, `locust` and `gameday` on the path."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return os.environ | {"PATH": path}


def _wait(child: subprocess.Popen[bytes]) -> int:
    """The exit code of `child`; Ctrl-C is the child's (it has it too), not ours."""
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = child.wait()
    finally:
        signal.signal(signal.SIGINT, previous)
    return code if code >= 0 else 128 - code


@lab.command()
@click.option("--lab", "name", default="default")
def down(name: str) -> None:
    """End a running lab: every process and port of it."""
    handle.down(_folder(name))
    Narrator().say("lab", f"{name} is down")


@lab.command()
@click.option("--lab", "name", default="default")
@click.option("--json", "as_json", is_flag=True)
def status(name: str, as_json: bool) -> None:
    """Regions, APIs, functions, tables, zones, health and addresses of a running lab."""
    answer = handle.call(handle.environment(_folder(name)), "GET", "/status")
    if as_json:
        click.echo(json.dumps(answer, indent=2))
        return
    for line in _status_lines(answer):
        click.echo(line)


def _status_lines(answer: dict[str, Any]) -> list[str]:
    host, port = answer["dns"]
    lines = [
        f"lab {answer['lab']}, {answer['speed']:g}x clock, seed {answer['seed']}",
        f"  AWS endpoint  {answer['aws_endpoint']}",
        f"  DNS           dig @{host} -p {port}",
    ]
    for name, region in answer["regions"].items():
        state = "cut off" if name in answer["cut"] else "serving"
        if f"region/{name}" in answer["lost"]:
            state = "down"
        lines.append(f"  {name:<13} {state}  https://{region['bind']}:{region['https']}")
    cloud = answer["processes"]["cloud"]["status"] or {}
    for check, health in (cloud.get("health") or {}).items():
        word = "healthy" if health["healthy"] else "UNHEALTHY"
        forced = ", forced by an operator" if health["forced"] else ""
        votes = f"{health['votes']} of {health['of']} checkers"
        lines.append(f"  check {check}  {word}, {votes}{forced}")
    for name, resource in answer["resources"].items():
        word = "healthy" if resource["healthy"] else "UNHEALTHY"
        addresses = " ".join(resource["A"] + resource["AAAA"]) or "no address"
        lines.append(f"  stand-in {name}  {addresses}, {word}")
    lines += [
        f"  left out: {x['type']} {x['logical_id']} ({x['reason']})" for x in answer["left_out"]
    ]
    return lines


@lab.command(name="break")
@click.option("--lab", "name", default="default")
@click.argument("region")
def break_(name: str, region: str) -> None:
    """Cut REGION off: its packets vanish until `gameday lab heal REGION`."""
    handle.call(handle.environment(_folder(name)), "PUT", f"/regions/{region}/cut")
    Narrator().say("lab", f"{region} is cut off")


@lab.command()
@click.option("--lab", "name", default="default")
@click.argument("region")
def heal(name: str, region: str) -> None:
    """Let REGION's packets through again."""
    handle.call(handle.environment(_folder(name)), "DELETE", f"/regions/{region}/cut")
    Narrator().say("lab", f"{region} is connected")


lab.add_command(logs)


def _folder(name: str) -> Path:
    return Path.cwd() / ".gameday" / check_name(name)


def say_phase(say: Narrator, phase: dict[str, Any]) -> None:
    """One line per phase of a starting lab."""
    if phase["phase"] == "starting":
        regions = ", ".join(phase["regions"])
        say.say("lab", f"starting {regions} at {phase['speed']:g}x, seed {phase['seed']}")
    elif phase["phase"] == "deploying":
        say.say("lab", f"deploying {phase['application']}")


def say_ready(say: Narrator, config: LabConfig, ready: dict[str, Any], stays: bool = True) -> None:
    """What a lab that is up offers, and what it left out; `stays`: until `lab down`."""
    env = ready["ready"]
    host, _, port = env["GAMEDAY_DNS"].rpartition(":")
    say.say("lab", f"ready after {ready['seconds']:.1f} s: {config.dir / 'lab.env'}")
    endpoint = env.get("GAMEDAY_ENDPOINT", "NAME")
    if config.zone:
        note = "checks of targets outside the lab are healthy until forced"
        say.say("zone", f"{config.zone.name}: {note}")
    named = "" if config.name == "default" else f" --lab {config.name}"
    hints = [f"dig @{host} -p {port} {endpoint}", f"gameday lab status{named}"]
    say.say("try", "   |   ".join([*hints, f"gameday lab down{named}"] if stays else hints))
    say_notes(say, ready)
    if "GAMEDAY_ADDRESS_MAP" in env:
        addresses = " ".join(f"127.0.{n}.1" for n in range(1, len(config.regions) + 1))
        say.say("note", "127.0.R.1 cannot be bound here; our own clients are mapped. For foreign")
        say.say("", f"clients, as root: for a in {addresses}; do ifconfig lo0 alias $a; done")


def _together(warnings: list[str]) -> list[str]:
    """Warnings `NAME: text` of the same text as one; the others as they are."""
    names: dict[str, list[str]] = {}
    for warning in warnings:
        name, colon, text = warning.partition(": ")
        names.setdefault(text if colon else warning, []).append(name)
    return [t if of == [t] else f"{', '.join(of)}: {t}" for t, of in names.items()]


def say_notes(say: Narrator, ready: dict[str, Any]) -> None:
    """What is otherwise than on AWS, and what the templates ask for and the lab does not have."""
    for warning in _together(ready["warnings"]):
        say.say("note", warning)
    lines = [f"{x['type']} {x['logical_id']}: {x['reason']}" for x in ready["left_out"]]
    for line in dict.fromkeys(lines):  # in every Region the same
        say.say("left out", line)


__all__ = ["GamedayError", "lab", "lab_config", "lab_options", "say_phase", "say_ready"]
