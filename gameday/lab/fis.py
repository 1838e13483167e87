"""AWS FIS experiments decided: templates checked, targets selected, states moved on. Pure.

Source: FIS user guide (view-experiment-progress, action-sequence, targets, experiment-options)
and FIS API reference. The clock and the actions' effects are the caller's
(`gameday/lab/cloud/experiments.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

ACTION_S_MAX = 12 * 3600.0
ACTIONS_MAX = 20
STOP_CONDITIONS_MAX = 5
ARNS_PER_TARGET_MAX = 5

PAUSE_REPLICATION = "aws:dynamodb:global-table-pause-replication"
WAIT = "aws:fis:wait"

ENDED = ("completed", "stopped", "failed", "cancelled")
ACTION_ENDED = ("completed", "stopped", "failed", "cancelled", "skipped")


class Invalid(ValueError):
    """A template that FIS would refuse (ValidationException); the message says why."""


@dataclass(frozen=True, slots=True)
class ActionType:
    """What an action of the catalogue needs."""

    description: str
    parameters: tuple[str, ...] = ()
    target_key: str | None = None
    resource_type: str | None = None
    min_s: float = 60.0


ACTIONS = {
    PAUSE_REPLICATION: ActionType(
        "Pauses replication of a DynamoDB global table to and from this Region.",
        ("duration",),
        "Tables",
        "aws:dynamodb:global-table",
    ),
    WAIT: ActionType("Runs the AWS FIS wait action.", ("duration",)),
}
"""The catalogue of this lab: FIS actions that have an effect here."""


def duration_s(text: str) -> float:
    """Seconds of an ISO 8601 duration such as `PT1M` or `PT1H30M`.

    :raises Invalid: not of this form.
    """
    found = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", text)
    if not found or text == "PT":
        raise Invalid(f"The duration {text!r} is not an ISO 8601 duration such as PT5M.")
    hours, minutes, seconds = (int(g or 0) for g in found.groups())
    return float(hours * 3600 + minutes * 60 + seconds)


def check_template(template: Mapping[str, Any]) -> None:
    """Refuse a template that FIS would not create.

    :raises Invalid: says what is wrong, by the name of the action or target.
    """
    actions, targets = template.get("actions") or {}, template.get("targets") or {}
    for required in ("description", "roleArn"):
        if not template.get(required):
            raise Invalid(f"{required} is required.")
    if not template.get("stopConditions"):
        raise Invalid('stopConditions is required; use [{"source": "none"}] for none.')
    if not actions or len(actions) > ACTIONS_MAX:
        raise Invalid(f"A template has from 1 to {ACTIONS_MAX} actions.")
    for name, target in targets.items():
        _check_target(name, target)
    for name, action in actions.items():
        _check_action(name, action, actions, targets)
    _check_order(actions)
    if len(template["stopConditions"]) > STOP_CONDITIONS_MAX:
        raise Invalid(f"A template has at most {STOP_CONDITIONS_MAX} stop conditions.")
    for condition in template["stopConditions"]:
        source = condition.get("source")
        if source not in ("none", "aws:cloudwatch:alarm"):
            raise Invalid(f"Stop condition source {source!r} is not valid.")
        if source != "none" and not str(condition.get("value", "")).startswith("arn:"):
            raise Invalid("A stop condition on an alarm needs the alarm's ARN as its value.")


def _check_target(name: str, target: Mapping[str, Any]) -> None:
    arns, tags = target.get("resourceArns"), target.get("resourceTags")
    if bool(arns) == bool(tags):
        raise Invalid(f"Target {name} must have either resourceArns or resourceTags.")
    if arns and len(arns) > ARNS_PER_TARGET_MAX:
        raise Invalid(f"Target {name} has more than {ARNS_PER_TARGET_MAX} resource ARNs.")
    if not re.fullmatch(
        r"ALL|COUNT\([1-9]\d*\)|PERCENT\(([1-9]\d?|100)\)", target.get("selectionMode", "")
    ):
        raise Invalid(f"Target {name}: selectionMode must be ALL, COUNT(n) or PERCENT(n).")
    known = {a.resource_type for a in ACTIONS.values()}
    if target.get("resourceType") not in known:
        raise Invalid(f"Target {name}: resource type {target.get('resourceType')} is not known.")


def _check_action(
    name: str,
    action: Mapping[str, Any],
    actions: Mapping[str, Any],
    targets: Mapping[str, Any],
) -> None:
    kind = ACTIONS.get(action.get("actionId", ""))
    if kind is None:
        known = ", ".join(sorted(ACTIONS))
        raise Invalid(
            f"Action {name}: actionId {action.get('actionId')} is not one of this lab's ({known})."
        )
    given = action.get("parameters") or {}
    for parameter in kind.parameters:
        if parameter not in given:
            raise Invalid(f"Action {name} needs the parameter {parameter}.")
    for parameter in set(given) - set(kind.parameters):
        raise Invalid(f"Action {name} has no parameter {parameter}.")
    if not kind.min_s <= duration_s(given["duration"]) <= ACTION_S_MAX:
        raise Invalid(f"Action {name}: duration must be from PT1M to PT12H.")
    used = action.get("targets") or {}
    if set(used) != ({kind.target_key} if kind.target_key else set()):
        raise Invalid(f"Action {name} needs exactly the targets: {kind.target_key or 'none'}.")
    for target in used.values():
        if target not in targets:
            raise Invalid(f"Action {name} names the target {target}, which does not exist.")
        if targets[target]["resourceType"] != kind.resource_type:
            raise Invalid(f"Action {name}: target {target} must be of type {kind.resource_type}.")
    for earlier in action.get("startAfter") or ():
        if earlier not in actions or earlier == name:
            raise Invalid(f"Action {name} starts after {earlier}, which does not exist.")


def _check_order(actions: Mapping[str, Any]) -> None:
    placed: set[str] = set()
    while len(placed) < len(actions):
        ready = {n for n, a in actions.items() if set(a.get("startAfter") or ()) <= placed}
        if ready <= placed:
            raise Invalid("The actions' startAfter form a cycle.")
        placed |= ready


def text(tag: Any) -> str:
    """A tag's value as AWS stores it: `true`, not `True`."""
    return str(tag).lower() if isinstance(tag, bool) else str(tag)


def selected(target: Mapping[str, Any], resources: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The ARNs that a target resolves to among `resources` (ARN to tags), in order of ARN.

    COUNT takes the first n and PERCENT rounds down; AWS takes them at random.
    """
    wanted = target.get("resourceTags")
    if wanted:
        found = [
            arn
            for arn, tags in sorted(resources.items())
            if all(text(tags.get(k)) == text(v) for k, v in wanted.items())
        ]
    else:
        found = [arn for arn in target["resourceArns"] if arn in resources]
    mode = target["selectionMode"]
    if mode == "ALL":
        return found
    number = int(mode[mode.index("(") + 1 : -1])
    return found[: number if mode.startswith("COUNT") else len(found) * number // 100]


@dataclass(frozen=True, slots=True)
class ActionState:
    """One action of an experiment; `ends_at` is unix seconds once it runs."""

    status: str = "pending"
    reason: str = "Action is pending"
    start_after: tuple[str, ...] = ()
    wall_s: float = 0.0
    ends_at: float | None = None


Actions = Mapping[str, ActionState]


def startable(actions: Actions) -> list[str]:
    """The pending actions whose predecessors are all completed or skipped."""
    done = {n for n, a in actions.items() if a.status in ("completed", "skipped")}
    return [n for n, a in actions.items() if a.status == "pending" and set(a.start_after) <= done]


def due(actions: Actions, now: float) -> list[str]:
    """The running actions whose duration is over."""
    return [
        n
        for n, a in actions.items()
        if a.status == "running" and a.ends_at is not None and a.ends_at <= now
    ]


def next_due_at(actions: Actions) -> float | None:
    """When the next running action ends, in unix seconds."""
    ends = [a.ends_at for a in actions.values() if a.status == "running" and a.ends_at is not None]
    return min(ends, default=None)


def stopped(actions: Actions) -> dict[str, str]:
    """What becomes of each unfinished action when the experiment stops or fails: its new status.

    Running actions are `stopped` (their effect is undone by the caller), pending ones `cancelled`.
    """
    return {
        n: "stopped" if a.status in ("running", "initiating") else "cancelled"
        for n, a in actions.items()
        if a.status not in ACTION_ENDED
    }


def outcome(actions: Actions) -> str | None:
    """`completed` or `failed` once every action has ended, else None."""
    if any(a.status == "failed" for a in actions.values()):
        return "failed"
    if all(a.status in ACTION_ENDED for a in actions.values()):
        return "completed"
    return None


def stop_alarms(conditions: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ARNs of the alarms that stop the experiment."""
    return [c["value"] for c in conditions if c.get("source") == "aws:cloudwatch:alarm"]
