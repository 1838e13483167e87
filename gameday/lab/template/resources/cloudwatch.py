"""CloudWatch metric alarms, which the lab evaluates as CloudWatch does, and dashboards."""

from __future__ import annotations

from gameday.lab.template.resource import Made, Resource
from gameday.lab.template.resources import handles


@handles("AWS::CloudWatch::Alarm", "Arn")
def alarm(resource: Resource) -> Made:
    """A metric alarm; Ref gives its name."""
    name = resource.take("AlarmName") or resource.generated()
    properties = resource.some(*(p for p in resource.properties if p != "AlarmName"))
    resource.call("cloudwatch", "put_metric_alarm", AlarmName=name, **properties)
    arn = f"arn:aws:cloudwatch:{resource.region}:{resource.account}:alarm:{name}"
    return Made(name, {"Arn": arn})


@handles("AWS::CloudWatch::Dashboard")
def dashboard(resource: Resource) -> Made:
    """A dashboard; Ref gives its name. Nobody draws it in the lab."""
    name = resource.take("DashboardName") or resource.generated()
    resource.call("cloudwatch", "put_dashboard", DashboardName=name,
                  **resource.some("DashboardBody"))  # fmt: skip
    return Made(name)
