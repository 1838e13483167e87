"""What CDK adds to its templates for itself."""

from __future__ import annotations

from gameday.lab.template.resource import Made, Resource
from gameday.lab.template.resources import handles


@handles("AWS::CDK::Metadata")
def metadata(resource: Resource) -> Made:
    """Which constructs were used; nobody acts on it."""
    resource.take("Analytics")
    return Made(resource.generated())
