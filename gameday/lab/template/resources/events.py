"""EventBridge rules. moto keeps them; schedules do not fire in the lab."""

from __future__ import annotations

import json

from gameday.lab.template.resource import Made, Resource
from gameday.lab.template.resources import handles

NOTE = "EventBridge rules are kept, but schedules do not fire"


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
        resource.call("events", "put_targets", Rule=name, Targets=targets)
    if "ScheduleExpression" in rest:
        resource.work.notes.add(NOTE)
    return Made(name, {"Arn": arn})
