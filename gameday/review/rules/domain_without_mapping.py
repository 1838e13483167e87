"""A custom domain without a mapping or a certificate in one Region answers 403, or not at all,
when clients arrive there."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, StackSubject

SEVERITY = "error"
ABOUT = "template"
REMEDY = "Add a BasePathMapping and a certificate to the stack that every Region gets."
SOURCE = "API Gateway Developer Guide: Setting up custom domain names for REST APIs"
FAILING = """\
Resources:
  Domain:
    Type: AWS::ApiGateway::DomainName
    Properties: {DomainName: api.example.test, RegionalCertificateArn: c}
"""
PASSING = """\
Resources:
  Domain:
    Type: AWS::ApiGateway::DomainName
    Properties: {DomainName: api.example.test, RegionalCertificateArn: c}
  Map:
    Type: AWS::ApiGateway::BasePathMapping
    Properties: {DomainName: api.example.test}
"""


def check(subject: StackSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    kinds = ("AWS::ApiGateway::BasePathMapping", "AWS::ApiGatewayV2::ApiMapping")
    mapped = {str(p.get("DomainName")) for _, p in subject.of_type(*kinds)}
    for logical_id, properties in subject.of_type(
        "AWS::ApiGateway::DomainName", "AWS::ApiGatewayV2::DomainName"
    ):
        name = str(properties.get("DomainName"))
        if name not in mapped and logical_id not in mapped:
            yield Hit(logical_id, f"no mapping leads {name} to an API")
        if not any("CertificateArn" in text for text in map(str, [properties])):
            yield Hit(logical_id, f"no certificate for {name}")
