"""EventBridge: buses and rules. Rules pass events on; schedules do not fire in the lab."""

from __future__ import annotations

import json

from gameday.lab.template.resource import Made, Resource
from gameday.lab.template.resources import handles

NOTE = "EventBridge schedules do not fire"
_TARGETS = (["lambda"], ["sqs"], ["sns"], ["events"], ["logs"])


@handles("AWS::Events::Rule", "Arn")
def rule(resource: Resource) -> Made:
    """A rule with its targets; Ref gives its name."""
    name = resource.take("Name") or resource.generated(64)
    pattern = resource.take("EventPattern")
    rest = resource.some("Description", "EventBusName", "ScheduleExpression", "State")
    arn = resource.call("events", "put_rule", Name=name,
                        EventPattern=None if pattern is None else json.dumps(pattern),
                        **rest)["RuleArn"]  # fmt: skip
    targets = resource.take("Targets")
    if targets:
        resource.call("events", "put_targets", Rule=name, Targets=targets,
                      EventBusName=rest.get("EventBusName"))  # fmt: skip
        for target in targets:
            if str(target.get("Arn")).split(":")[2:3] not in _TARGETS:
                resource.unread.add(f"target {target.get('Arn')}")
    if "ScheduleExpression" in rest:
        resource.work.notes.add(NOTE)
    bus = str(rest.get("EventBusName") or "default").rpartition("/")[2]
    return Made(name if bus == "default" else f"{bus}|{name}", {"Arn": arn})


@handles("AWS::Events::EventBus", "Arn", "Name")
def event_bus(resource: Resource) -> Made:
    """A bus; Ref gives its name."""
    name = resource.need("Name")
    arn = resource.call("events", "create_event_bus", Name=name,
                        **resource.some("Description", "EventSourceName", "Tags"))  # fmt: skip
    return Made(name, {"Arn": arn["EventBusArn"], "Name": name})


@handles("AWS::Events::EventBusPolicy")
def event_bus_policy(resource: Resource) -> Made:
    """Who may put events, which the lab does not ask."""
    resource.work.notes.add("policies of event buses are not kept: everybody may put events")
    resource.some("EventBusName", "StatementId", "Statement", "Action", "Principal", "Condition")
    return Made(resource.generated())
