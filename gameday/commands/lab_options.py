"""The options that describe a lab and what is deployed into it, and the configuration they mean."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from gameday import stacks
from gameday.commands.numbers import COUNT, NOT_NEGATIVE, PORT, SEED, SPEED
from gameday.errors import UsageError
from gameday.lab.brought import Brought
from gameday.lab.config import LabConfig
from gameday.lab.zone_export import read_zone

_PATH = click.Path(path_type=Path)

APPLICATION_OPTIONS = (
    click.option("--stacks", "stacks_file", type=_PATH,
                 help="What is deployed (default: deploy/stacks.yaml if it is there)."),
    click.option("--template", type=_PATH,
                 help="Deploy this SAM, CloudFormation or CDK template into every Region instead."),
    click.option("--command", "program", metavar="COMMAND",
                 help="Run this program in every Region, e.g. 'node server.js'; it listens on "
                 "$PORT."),
    click.option("--regions", metavar="R,R", help="The lab's Regions, the home Region first."),
    click.option("--parameter", "parameters", multiple=True, metavar="K=V",
                 help="A parameter of the template."),
    click.option("--application", default="app", show_default=True,
                 help="Its name, which its stacks begin with."),
    click.option("--endpoint", help="The name that clients use, e.g. api.example.test."),
    click.option("--health-path", default="/", show_default=True,
                 help="What health checks of a --command ask for."),
)  # fmt: skip

LAB_OPTIONS = (
    click.option("--lab", "name", default="default", help="Name; labs run side by side."),
    *APPLICATION_OPTIONS,
    click.option("--speed", default=10.0, type=SPEED, show_default=True,
                 help="How much faster the AWS clock runs than the wall's, 1 to 10."),
    click.option("--seed", default=4711, type=SEED, show_default=True, help="Fixes all chance."),
    click.option("--lag", default="0.6-1.2", show_default=True, metavar="LOW-HIGH",
                 help="Replication lag in AWS seconds, uniform."),
    click.option("--networks", type=click.Path(path_type=Path, exists=True),
                 help="Where clients are (YAML; see docs/lab.md)."),
    click.option("--zone", type=_PATH,
                 help="Serve an exported zone: what `aws route53 "
                 "list-resource-record-sets` printed."),
    click.option("--health-checks", type=_PATH,
                 help="Its health checks: what `list-health-checks` printed."),
    click.option("--propagation", default=0.0, type=NOT_NEGATIVE, show_default=True, metavar="S",
                 help="AWS seconds from a health check to DNS (AWS does not say)."),
    click.option("--query-log", is_flag=True,
                 help="Write DNS queries to queries.log in Route 53's format."),
    click.option("--private-targets", is_flag=True,
                 help="Let health checks probe private and loopback addresses, which Route 53 "
                 "refuses."),
    click.option("--account-concurrency", default=1000, type=COUNT, show_default=True, metavar="N",
                 help="The account's concurrent executions in a Region (Lambda's quota)."),
    click.option("--aws-port", type=PORT), click.option("--dns-port", type=PORT),
    click.option("--http-port", type=PORT), click.option("--https-port", type=PORT),
    click.option("--no-aliases", is_flag=True,
                 help="As if 127.0.R.1 could not be bound (macOS without aliases)."),
    click.option("--watch", is_flag=True, help="Give functions their changed code at once."),
    click.option("--strict", is_flag=True, help="What the lab leaves out is an error."),
)  # fmt: skip


def lab_options(command: Any) -> Any:
    """The options that describe a lab, shared by `lab up`, `lab run` and `run`."""
    for option in reversed(LAB_OPTIONS):
        command = option(command)
    return command


def region_option(command: Any) -> Any:
    """`--region`, for commands in which that is not the Region to lose."""
    text = "A Region of the lab; the first is the home Region."
    return click.option("--region", "deploy_regions", multiple=True, help=text)(command)


def lab_config(options: dict[str, Any], root: Path | None = None) -> LabConfig:
    """The lab that the command line describes.

    :raises UsageError: an option's value, or stacks.yaml, is not well-formed.
    """
    root = (root or Path.cwd()).resolve()
    brought, zone, regions = _brought(options), options["zone"], _regions(options)
    file = None if brought else _stacks_file(options, root)
    if file and not regions:
        regions = stacks.load(file).regions
    if zone is not None:
        zone = zone.resolve()
        regions = regions or read_zone(zone, options["health_checks"]).regions
    if brought and not regions:
        raise UsageError("name the Regions to deploy into, the home Region first: --region R "
                         "--region R (for `gameday run`: --regions R,R)")  # fmt: skip
    ports = {k: options[f"{k}_port"] for k in ("aws", "dns", "http", "https")
             if options[f"{k}_port"] is not None}  # fmt: skip
    return LabConfig(
        name=options["name"], root=root, stacks=file, brought=brought,
        regions=regions, speed=options["speed"], seed=options["seed"],
        lag_s=_lag(options["lag"]), networks=options["networks"], ports=ports,
        aliases=not options["no_aliases"], strict=options["strict"], watch=options["watch"],
        zone=zone, health_checks=options["health_checks"],
        propagation_s=options["propagation"], query_log=options["query_log"],
        private_targets=options["private_targets"],
        account_concurrency=options["account_concurrency"],
    )  # fmt: skip


def said_again(options: dict[str, Any]) -> str:
    """The options that name an application on the command line, as they would be typed again."""
    if options["template"] is None and not options["program"]:
        return ""
    pairs = [("--template", options["template"]), ("--command", options["program"]),
             ("--regions", options["regions"]), ("--endpoint", options["endpoint"]),
             ("--locustfile", options.get("locustfile"))]  # fmt: skip
    pairs += [("--parameter", pair) for pair in options["parameters"]]
    return "".join(f" {name} {shlex.quote(str(value))}" for name, value in pairs if value)


def _brought(options: dict[str, Any]) -> Brought | None:
    """The application that stands on the command line itself."""
    template, program, given = options["template"], options["program"], options["parameters"]
    if program is not None:
        _check_program(program)
    if template is None and not program:
        for name, value in (("--parameter", given), ("--endpoint", options["endpoint"])):
            if value:
                raise UsageError(f"{name} goes with --template or --command; without them "
                                 "stacks.yaml says it")  # fmt: skip
        return None
    if options["stacks_file"] is not None:
        raise UsageError("--stacks says what is deployed; leave --template and --command out")
    if template is not None and not template.is_file():
        raise UsageError(f"{template}: no such file; name a template by --template")
    pairs = [pair.partition("=") for pair in given]
    for name, sign, _ in pairs:
        if not sign or not name:
            raise UsageError(f"--parameter {name}: give NAME=VALUE")
    return Brought(
        name=options["application"], template=template.resolve() if template else None,
        parameters={name: value for name, _, value in pairs}, endpoint=options["endpoint"],
        command=program, health_path=options["health_path"],
    )  # fmt: skip


def _check_program(command: str) -> None:
    try:
        words = shlex.split(command)
    except ValueError as e:
        raise UsageError(f"--command {command}: {e}") from None
    if not words:
        raise UsageError("--command: name a program, for example 'node server.js'")


def _stacks_file(options: dict[str, Any], root: Path) -> Path | None:
    file: Path | None = options["stacks_file"]
    if options["zone"] is not None and file is None:
        return None
    file = file or root / "deploy" / "stacks.yaml"
    if not file.exists():
        what = "`gameday init` writes one, or name it by --stacks"
        raise UsageError(f"{file}: no such file; {what}")
    return file.resolve()


def _regions(options: dict[str, Any]) -> tuple[str, ...]:
    listed = [r.strip() for r in (options["regions"] or "").split(",") if r.strip()]
    found = (*listed, *options.get("deploy_regions", ()))
    if len(set(found)) < len(found):
        raise UsageError(f"a Region is given twice: {', '.join(found)}")
    return found


def _lag(text: str) -> tuple[float, float]:
    low, dash, high = text.partition("-")
    try:
        return float(low), float(high if dash else low)
    except ValueError:
        raise UsageError(f"--lag {text}: give LOW-HIGH, for example 0.6-1.2") from None
