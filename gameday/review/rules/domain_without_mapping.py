"""A custom domain without a mapping or a certificate in one Region answers 403, or not at all,
when clients arrive there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gameday.review.model import Hit, StackSubject

CERTIFICATE = re.compile(r"arn:[\w-]+:acm:([\w-]+):")
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
        if "CertificateArn" not in str(properties):
            yield Hit(logical_id, f"no certificate for {name}")
        for where in _certificates(properties):
            if subject.region and where != subject.region:
                yield Hit(logical_id, f"its certificate is in {where}, not in {subject.region}")


def _certificates(properties: Mapping[str, Any]) -> Iterator[str]:
    """The Regions of a regional domain's certificates, where their ARNs say so."""
    configurations = properties.get("DomainNameConfigurations") or []
    given = [properties.get("RegionalCertificateArn"),
             *(c.get("CertificateArn") for c in configurations)]  # fmt: skip
    for arn in given:
        if found := CERTIFICATE.match(str(arn)):
            yield found[1]
