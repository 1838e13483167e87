"""EventBridge over moto: what a rule's targets are given, and the targets that moto has not.

moto knows no functions and topics as targets and fails the whole PutEvents over them; a rule that
is disabled or has a schedule only would match every event. Schedules do not fire in the lab.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Mapping
from typing import Any

from gameday import clock
from gameday.lab.cloud.functions import Invoked
from gameday.lab.log import log

_HOLE = re.compile(r"<([\w.-]+)>")


def repair(invoked: Invoked) -> None:
    """Let rules send their events to functions, queues, topics, buses and log groups."""
    models: Any = importlib.import_module("moto.events.models")

    def send_to_targets(rule: Any, original_event: Any, transform_input: bool = True) -> None:
        pattern = rule.event_pattern
        if rule.state != "ENABLED" or not pattern.get_pattern():
            return
        if not pattern.matches_event(original_event):
            return
        for target in rule.targets:
            given = target_input(target, shown(original_event))
            try:
                _send(rule, target, given, invoked)
            except Exception as error:  # one target's failure is not the caller's, as on AWS
                log.error("rule %s: target %s: %s", rule.name, target["Arn"], error)

    models.Rule.send_to_targets = send_to_targets


def _send(rule: Any, target: Mapping[str, Any], given: Any, invoked: Invoked) -> None:
    arn = str(target["Arn"])
    _, _, service, region, account, place = arn.split(":", 5)
    text = json.dumps(given)
    match service:
        case "lambda":
            invoked(region, arn, text)
        case "sqs":
            group = (target.get("SqsParameters") or {}).get("MessageGroupId")
            _backend("sqs", account, region).send_message(
                queue_name=place, message_body=text, group_id=group
            )
        case "sns":
            _backend("sns", account, region).publish(message=text, arn=arn)
        case "logs":
            _log(_backend("logs", account, region), place, rule.name, text)
        case "events" if place.startswith("event-bus/"):
            entry = {"Source": given["source"], "DetailType": given["detail-type"],
                     "Detail": json.dumps(given["detail"]), "EventBusName": arn}  # fmt: skip
            _backend("events", account, region).put_events([entry])
        case _:
            log.warning("rule %s: the lab has no targets such as %s", rule.name, arn)


def _backend(service: str, account: str, region: str) -> Any:
    models: Any = importlib.import_module(f"moto.{service}.models")
    return getattr(models, f"{service}_backends")[account][region]


def _log(backend: Any, place: str, rule: str, text: str) -> None:
    group = place.removeprefix("log-group:").removesuffix(":*")
    backend.ensure_log_group(group)
    if rule not in backend.groups[group].streams:
        backend.create_log_stream(group, rule)
    at_ms = int(clock.now() * 1000)
    backend.put_log_events(group, rule, [{"timestamp": at_ms, "message": text}])


def shown(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event as targets see it (page "Amazon EventBridge events": event structure)."""
    names = ("id", "detail-type", "source", "account", "time", "region", "resources", "detail")
    seen = {"version": "0"} | {name: event[name] for name in names}
    if isinstance(seen["time"], (int, float)):
        seen["time"] = f"{clock.utc(float(seen['time'])).partition('.')[0]}Z"
    return seen


def target_input(target: Mapping[str, Any], event: Mapping[str, Any]) -> Any:
    """What `target` is given of `event`: all of it, a constant, a part, or a template filled in
    (page "Amazon EventBridge input transformation")."""
    if target.get("Input"):
        return json.loads(target["Input"])
    if target.get("InputPath"):
        return at(event, target["InputPath"])
    about = target.get("InputTransformer")
    if not about:
        return dict(event)
    paths = about.get("InputPathsMap") or {}
    values = {name: at(event, path) for name, path in paths.items()}
    values |= {"aws.events.event.json": dict(event), "aws.events.event": dict(event)}
    return _filled(about["InputTemplate"], values)


def _filled(template: str, values: Mapping[str, Any]) -> Any:
    """A template with its holes filled: text within quotes stays text, all else is JSON."""

    def fill(match: re.Match[str]) -> str:
        value = values.get(match[1])
        quoted = template[: match.start()].count('"') % 2 == 1
        if quoted:
            return json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1]
        return json.dumps(value)

    text = _HOLE.sub(fill, template)
    try:
        return json.loads(text)
    except ValueError:
        return text


def at(event: Mapping[str, Any], path: str) -> Any:
    """The value at a JSON path such as `$.detail.state` or `$.resources[0]`; None if there is none.

    EventBridge takes dots and indices only (same page).
    """
    value: Any = event
    for name, index in re.findall(r"\.([\w-]+)|\[(\d+)\]", path):
        try:
            value = value[int(index)] if index else value[name]
        except (KeyError, IndexError, TypeError):
            return None
    return value
