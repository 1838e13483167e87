"""Everything that is known of a run before it begins: what `gameday plan` and a dry run show.

Nothing is changed by looking; every guard is asked and each one's answer shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameday import (
    announce,
    aws,
    clock,
    discover,
    experiment,
    guard,
    kill_switch,
    settings,
    upload,
)
from gameday import plan as plans
from gameday.aws import GLOBAL_REGION, Call
from gameday.guard import Answer, Ruling
from gameday.plan import Plan, Stake
from gameday.settings import Target
from gameday.undo import Owner


@dataclass(frozen=True, slots=True)
class Survey:
    """What an experiment would do to the target, what that may cost, and who allows it."""

    file: Path
    owner: Owner
    plan: Plan
    stake: Stake | None
    policy: dict[str, Any]
    guards: dict[str, Answer]
    kill_switch: str  # the name of its parameter

    @property
    def refusals(self) -> dict[str, str]:
        """By guard, why the run may not begin."""
        return {n: a.text for n, a in self.guards.items() if a.ruling is Ruling.REFUSED}


def survey(file: Path) -> Survey:
    """Look at the target of this process's environment.

    :raises GamedayError: the experiment is wrong, or something it needs cannot be found.
    """
    target, body = settings.current(), experiment.read(file)
    with aws.recorded() as beside:
        found = plans.make(body)
        at_stake = _stake(target, found)
        _looks_of_a_run(target)
        scope = guard.Scope(
            target=target,
            region=found.region,
            experiment=file.stem,
            extension=found.extension,
            project=Path.cwd(),
            at=clock.now(),
            fault_s_max=found.fault_s_max,
            changes=found.changes,
            unknown=found.unknown,
        )
        guards = dict(guard.answers(scope))
    owner, document = _iam(target, found, [*beside, *_beside(target)])
    return Survey(file, owner, found, at_stake, document, guards, kill_switch.name(target))


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


def _beside(target: Target) -> Iterator[Call]:
    """The calls that telling people and keeping reports take, so that the policy knows them."""
    if bucket := target.limits.report_bucket:
        key = f"{upload.PREFIX}/*"
        yield Call("s3", "PutObject", GLOBAL_REGION, (("Bucket", bucket), ("Key", key)))
    for channel in announce.channels_of(target):
        if channel.kind == "sns":
            yield Call("sns", "Publish", channel.region, (("TopicArn", channel.address),))
        elif channel.kind == "events":
            yield Call("events", "PutEvents", channel.region, (("EventBusName", channel.address),))


def _iam(target: Target, found: Plan, calls: list[Call]) -> tuple[Owner, dict[str, Any]]:
    with aws.translated("GetCallerIdentity"):
        identity = aws.client("sts", target.regions[0]).get_caller_identity()
    owner = Owner(identity["Arn"].split(":")[1], identity["Account"])
    tables: tuple[str, ...] = ()
    if target.stack:
        tables = discover.global_tables(target.stack, target.regions)
    return owner, plans.policy(
        calls,
        found.changes,
        owner=owner,
        tables=tables,
        regions=target.regions,
        undo_copy=target.undo_copy,
    )


def lines(of: Survey) -> Iterator[tuple[str, str]]:
    """A label and a text for each thing there is to know."""
    found = of.plan
    yield "plan", f"account {of.owner.account}. {found.headline}."
    for change in found.changes:
        yield "", f"{change.setting}: {_shown(change.before)} -> {_shown(change.after)}"
    for left in found.left_alone:
        yield "left alone", left
    for change in reversed(found.changes):
        for line in change.setting.commands(change.before):
            yield "undo", line
    for step in found.steps:
        yield "then", step
    if of.stake is not None:
        yield from _stake_lines(found, of.stake)
    for condition in found.stop_when:
        yield "stops when", condition
    yield "stops when", f"the kill switch {of.kill_switch} is set: gameday stop --target FILE"
    for name, answer in of.guards.items():
        yield "guard", f"{name}: {answer.ruling}: {answer.text}"
    count = sum(len(s["Action"]) for s in of.policy["Statement"])
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


def as_json(of: Survey) -> dict[str, Any]:
    """The same as a JSON object."""
    found, at_stake = of.plan, of.stake
    return {
        "experiment": str(of.file),
        "account": of.owner.account,
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
        "guards": {n: {"ruling": a.ruling, "text": a.text} for n, a in of.guards.items()},
        "policy": of.policy,
    }


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value is None else str(value)
