"""Route 53: zones, health checks and record sets.

Record sets wait for the end of their stack and go out as one change batch per zone, so that a
stack's routing appears at once.
"""

from __future__ import annotations

from typing import Any

from gameday.errors import TemplateError
from gameday.lab.template.resource import Made, Resource
from gameday.lab.template.resources import handles


@handles("AWS::Route53::HostedZone", "Id", "NameServers")
def hosted_zone(resource: Resource) -> Made:
    """A public hosted zone; Ref gives its id."""
    made = resource.call(
        "route53", "create_hosted_zone", Name=resource.need("Name"),
        CallerReference=resource.generated(128),
        **resource.some("HostedZoneConfig"),
    )  # fmt: skip
    zone_id = made["HostedZone"]["Id"].rpartition("/")[2]
    _tag(resource, "hostedzone", zone_id, resource.take("HostedZoneTags"))
    servers = made.get("DelegationSet", {}).get("NameServers", [])
    return Made(zone_id, {"Id": zone_id, "NameServers": servers})


@handles("AWS::Route53::HealthCheck", "HealthCheckId")
def health_check(resource: Resource) -> Made:
    """A health check; Ref gives its id."""
    made = resource.call(
        "route53", "create_health_check", CallerReference=resource.generated(64),
        HealthCheckConfig=resource.need("HealthCheckConfig"),
    )["HealthCheck"]  # fmt: skip
    _tag(resource, "healthcheck", made["Id"], resource.take("HealthCheckTags"))
    return Made(made["Id"], {"HealthCheckId": made["Id"]})


@handles("AWS::Route53::RecordSet")
def record_set(resource: Resource) -> Made:
    """A record set; Ref gives its name."""
    body = resource.some(*resource.properties)
    _queue(resource, body, resource.properties)
    return Made(str(resource.need("Name")))


@handles("AWS::Route53::RecordSetGroup")
def record_set_group(resource: Resource) -> Made:
    """Several record sets, of one zone unless each names its own."""
    resource.take("Comment")
    zone = resource.some("HostedZoneId", "HostedZoneName")
    for body in resource.need("RecordSets"):
        _queue(resource, dict(body), {**zone, **body})
    return Made(resource.generated())


def change_records(resource_call: Any, zone_id: str, record_sets: list[dict[str, Any]]) -> None:
    """Create the record sets of one zone in one batch."""
    changes = [{"Action": "UPSERT", "ResourceRecordSet": body} for body in record_sets]
    resource_call("route53", "change_resource_record_sets", HostedZoneId=zone_id,
                  ChangeBatch={"Changes": changes})  # fmt: skip


def _queue(resource: Resource, body: dict[str, Any], source: Any) -> None:
    zone_id = source.get("HostedZoneId") or _zone_called(resource, source.get("HostedZoneName"))
    body = {k: v for k, v in body.items() if k not in ("HostedZoneId", "HostedZoneName", "Comment")}
    values = body.get("ResourceRecords")
    if values is not None:
        body["ResourceRecords"] = [{"Value": value} for value in values]
    resource.work.record_sets.setdefault(zone_id, []).append(body)


def _zone_called(resource: Resource, name: Any) -> str:
    if not name:
        raise TemplateError("a record set needs HostedZoneId or HostedZoneName")
    found = resource.call("route53", "list_hosted_zones_by_name", DNSName=name)["HostedZones"]
    for zone in found:
        if zone["Name"].rstrip(".") == str(name).rstrip("."):
            return str(zone["Id"].rpartition("/")[2])
    made = resource.call("route53", "create_hosted_zone", Name=name, CallerReference=str(name))
    resource.work.notes.add(f"hosted zone {name} was made: the template takes it as there")
    return str(made["HostedZone"]["Id"].rpartition("/")[2])


def _tag(resource: Resource, kind: str, resource_id: str, tags: Any) -> None:
    if tags:
        resource.call("route53", "change_tags_for_resource", ResourceType=kind,
                      ResourceId=resource_id, AddTags=tags)  # fmt: skip
