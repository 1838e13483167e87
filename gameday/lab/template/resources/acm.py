"""Certificates. Names are checked by DNS as on AWS: the validation records go into the zone."""

from __future__ import annotations

from gameday.lab.template.resource import Made, Resource
from gameday.lab.template.resources import handles


@handles("AWS::CertificateManager::Certificate")
def certificate(resource: Resource) -> Made:
    """A certificate; Ref gives its ARN. The lab's own authority signs what clients are shown."""
    zones = {
        option["DomainName"]: option["HostedZoneId"]
        for option in resource.take("DomainValidationOptions", [])
        if "HostedZoneId" in option
    }
    arn = resource.call(
        "acm", "request_certificate",
        **resource.some("DomainName", "SubjectAlternativeNames", "ValidationMethod",
                        "KeyAlgorithm", "Tags"),
    )["CertificateArn"]  # fmt: skip
    described = resource.call("acm", "describe_certificate", CertificateArn=arn)["Certificate"]
    for option in described.get("DomainValidationOptions", []):
        record, zone_id = option.get("ResourceRecord"), zones.get(option["DomainName"])
        if record and zone_id:
            resource.work.record_sets.setdefault(zone_id, []).append(
                {"Name": record["Name"], "Type": record["Type"], "TTL": 300,
                 "ResourceRecords": [{"Value": record["Value"]}]}
            )  # fmt: skip
    return Made(arn)
