"""`gameday plan`: what an experiment would change and put at stake; or the IAM policy it needs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from gameday import aws, discover, experiment, runner, settings
from gameday import plan as plans
from gameday.aws import GLOBAL_REGION, Call
from gameday.commands.lab import lab_options
from gameday.commands.run import check_region, target_of
from gameday.commands.text import Narrator
from gameday.errors import UsageError
from gameday.plan import Plan, Stake
from gameday.settings import Target
from gameday.undo import Owner


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@lab_options
@click.option("--region", help="The Region to lose (default: the home Region).")
@click.option("--target", type=click.Path(path_type=Path), help="A target's env file.")
@click.option("--iam", is_flag=True, help="Print the least IAM policy it needs, as JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def plan(file: Path, iam: bool, as_json: bool, **options: Any) -> None:
    """Say what FILE would change, with its undo, and what is at stake. Nothing is changed."""
    if not file.exists():
        raise UsageError(f"{file}: no such file; shipped experiments are in experiments/")
    body = experiment.read(file)
    with target_of(options, Narrator(err=True)) as env:
        region = options["region"] or env.get("GAMEDAY_REGION")
        check_region(region, env)
        with runner.environment({**os.environ, **env, "GAMEDAY_REGION": str(region)}):
            target = settings.current()
            with aws.recorded() as beside:
                found = plans.make(body)
                at_stake = _stake(target, found)
                _looks_of_a_run(target)
            owner, document = _iam(target, found, beside)
    if iam:
        click.echo(json.dumps(document, indent=2))
    elif as_json:
        click.echo(json.dumps(_as_json(file, owner, found, at_stake, document), indent=2))
    else:
        for label, text in _lines(owner, found, at_stake, document):
            click.echo(f"  {label:<11} {text}".rstrip())


def _stake(target: Target, found: Plan) -> Stake | None:
    if found.region is None:
        return None
    return plans.stake(target, found.region, found.extension.rto_s, found.fault_s_max)


def _looks_of_a_run(target: Target) -> None:
    """Make the calls that watching a run makes, so that the policy knows them."""
    if target.endpoint is not None:
        discover.record_sets(discover.hosted_zone(target.endpoint))
        discover.health_checks()
        for region in target.regions:
            for check in discover.checks_of(region, target.endpoint):
                with aws.translated(f"GetHealthCheckStatus of {check}"):
                    route53 = aws.client("route53", GLOBAL_REGION)
                    route53.get_health_check_status(HealthCheckId=check)
    for region in target.regions:
        discover.alarms(region)


def _iam(target: Target, found: Plan, calls: list[Call]) -> tuple[Owner, dict[str, Any]]:
    with aws.translated("GetCallerIdentity"):
        identity = aws.client("sts", target.regions[0]).get_caller_identity()
    owner = Owner(identity["Arn"].split(":")[1], identity["Account"])
    tables: tuple[str, ...] = ()
    if target.stack:
        tables = discover.global_tables(target.stack, target.regions)
    return owner, plans.policy(
        calls, found.changes, owner=owner, tables=tables, regions=target.regions
    )


def _lines(
    owner: Owner, found: Plan, at_stake: Stake | None, document: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    yield "plan", f"account {owner.account}. {found.headline}."
    for change in found.changes:
        yield "", f"{change.setting}: {_shown(change.before)} -> {_shown(change.after)}"
    for left in found.left_alone:
        yield "left alone", left
    for change in reversed(found.changes):
        for line in change.setting.commands(change.before):
            yield "undo", line
    for step in found.steps:
        yield "then", step
    if at_stake is not None:
        yield from _stake_lines(found, at_stake)
    for condition in found.stop_when:
        yield "stops when", condition
    count = sum(len(s["Action"]) for s in document["Statement"])
    yield "needs", f"{count} IAM permissions: gameday plan FILE --iam"


def _stake_lines(found: Plan, at_stake: Stake) -> Iterator[tuple[str, str]]:
    if at_stake.share_pct is None:
        yield "traffic", f"unknown: {at_stake.how}"
        return
    yield "traffic", f"{found.region} serves {at_stake.share_pct:.0f} %: {at_stake.how}"
    yield "users", f"{at_stake.share_pct:.0f} % are affected at most"
    parts = []
    if at_stake.budget_pct_within_rto is not None:
        parts.append(
            f"{at_stake.budget_pct_within_rto:.1f} % if they recover within the RTO of "
            f"{found.extension.rto_s:g} s"
        )
    parts.append(
        f"{at_stake.budget_pct_at_most:.1f} % if never ({found.fault_s_max:g} s of fault at most)"
    )
    yield "budget", f"of a 99.9 % month's failures: {', '.join(parts)}"


def _as_json(
    file: Path, owner: Owner, found: Plan, at_stake: Stake | None, document: dict[str, Any]
) -> dict[str, Any]:
    return {
        "experiment": str(file),
        "account": owner.account,
        "region": found.region,
        "headline": found.headline,
        "changes": [
            {
                "setting": str(c.setting),
                "region": c.setting.region,
                "before": c.before,
                "after": c.after,
                "undo": c.setting.commands(c.before),
            }
            for c in found.changes
        ],
        "left_alone": list(found.left_alone),
        "unknown": list(found.unknown),
        "steps": list(found.steps),
        "fault_s_max": found.fault_s_max,
        "share_pct": None if at_stake is None else at_stake.share_pct,
        "share_from": None if at_stake is None else at_stake.how,
        "budget_pct_within_rto": None if at_stake is None else at_stake.budget_pct_within_rto,
        "budget_pct_at_most": None if at_stake is None else at_stake.budget_pct_at_most,
        "stop_when": list(found.stop_when),
        "policy": document,
    }


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value is None else str(value)
