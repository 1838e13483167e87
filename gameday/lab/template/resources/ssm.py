"""Systems Manager parameters."""

from __future__ import annotations

from gameday.lab.template.resource import Made, Resource, tags_of
from gameday.lab.template.resources import handles


@handles("AWS::SSM::Parameter", "Type", "Value")
def parameter(resource: Resource) -> Made:
    """A parameter; Ref gives its name."""
    name = resource.take("Name") or resource.generated()
    tags = [{"Key": k, "Value": v} for k, v in tags_of(resource.take("Tags")).items()]
    rest = resource.some("Type", "Value", "Description", "AllowedPattern", "Tier", "DataType")
    resource.call("ssm", "put_parameter", Name=name, Tags=tags or None, **rest)
    return Made(name, {"Type": rest.get("Type"), "Value": rest.get("Value")})
