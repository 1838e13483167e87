"""Taking over an exported zone: its record sets and health checks, with the ids that they had."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from gameday.lab.cloud import record_sets
from gameday.lab.cloud.moto_app import Moto
from gameday.lab.cloud.route53 import Route53


def take_over(route53: Route53, moto: Moto, body: Mapping[str, Any], speed: float) -> list[str]:
    """Serve the zone in `body` (`id`, `name`, `record_sets`, `health_checks`); what to warn of.

    `lab/zone_export` has judged it, so nothing is validated here. A check that records
    use and the export lacks does not exist: it counts as healthy.
    """
    moto.use("route53")
    zones = moto.backend("route53", "aws")
    reference = "export-" + hashlib.sha256(body["name"].encode()).hexdigest()[:16]
    zone = zones.create_hosted_zone(body["name"], private_zone=False, caller_reference=reference)
    del zones.zones[zone.resource_id]
    zone.resource_id = body["id"]
    zones.zones[zone.resource_id] = zone
    made = [{"Action": "CREATE", "ResourceRecordSet": r} for r in body["record_sets"]]
    route53.checks.take_over(body["health_checks"])
    route53.replace(zone, record_sets.applied([], made))
    return record_sets.indivisible_ttl(made, speed)
