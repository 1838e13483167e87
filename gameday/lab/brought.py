"""An application without a stacks.yaml: one template in every Region, or one program per Region.

A program has no template that could say who finds it, so the lab writes one: a zone, a latency
record and a health check per Region, as a team behind load balancers has them.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gameday import stacks, templates

DEFAULT_ENDPOINT = "app.example.test"
TTL_S = 60
RTO_S, RPO_S = 150.0, 5.0
"""Objectives where nobody states any; `gameday run --rto --rpo` does."""
_REPLICATED = "AWS::DynamoDB::GlobalTable"


@dataclass(frozen=True, slots=True)
class Brought:
    """What the command line says of the application."""

    name: str = "app"
    template: Path | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    endpoint: str | None = None  # the name that clients use
    command: str | None = None  # a program; it listens on $PORT
    health_path: str = "/"

    @property
    def host(self) -> str | None:
        """The name that clients use; a program always has one."""
        return self.endpoint or (DEFAULT_ENDPOINT if self.command else None)

    def stacks(self, regions: Mapping[str, Mapping[str, Any]], folder: Path) -> stacks.Stacks:
        """The application as a stacks.yaml would describe it; `regions` is the lab's table.

        A template of our own is written into `folder`.
        """
        names = tuple(regions)
        found: list[stacks.Stack] = []
        if self.template:
            whole = stacks.single(self.template, names, self.parameters, self.name)
            found += whole.stacks
        if self.command:
            file = folder / "program.template.json"
            folder.mkdir(parents=True, exist_ok=True)
            addresses = {name: str(about["address"]) for name, about in regions.items()}
            body = routing_template(self.host or "", addresses, self.health_path)
            file.write_text(json.dumps(body, indent=1))
            found.append(stacks.Stack("routing", f"{self.name}-routing", file, names[:1]))
        file = self.template or folder
        return stacks.Stacks(
            file, self.name, self.host, "x-region", RTO_S, self._rpo_s(), names, tuple(found)
        )

    def _rpo_s(self) -> float:
        """Nobody here can read how far behind data is that no table replicates: no objective."""
        held = templates.load(self.template).resources if self.template else {}
        return RPO_S if any(r["Type"] == _REPLICATED for r in held.values()) else math.inf


def from_json(body: Mapping[str, Any] | None) -> Brought | None:
    """The inverse of `dataclasses.asdict`, after JSON."""
    if body is None:
        return None
    template = body["template"]
    return dataclasses.replace(
        Brought(**{k: v for k, v in body.items() if k != "template"}),
        template=Path(template) if template else None,
    )


def routing_template(
    endpoint: str, addresses: Mapping[str, str], health_path: str
) -> dict[str, Any]:
    """CloudFormation for `endpoint`: latency records to the Regions' addresses, each checked.

    The checks probe `<region>.<endpoint>`, which takes no part in failover.
    """
    zone = {"HostedZoneId": {"Ref": "Zone"}, "Type": "A", "TTL": str(TTL_S)}
    resources: dict[str, Any] = {
        "Zone": {"Type": "AWS::Route53::HostedZone",
                 "Properties": {"Name": endpoint.partition(".")[2] or endpoint}}
    }  # fmt: skip
    for number, (region, address) in enumerate(addresses.items(), 1):
        own = {"Name": f"{region}.{endpoint}", "ResourceRecords": [address]}
        shared = {"Name": endpoint, "ResourceRecords": [address], "SetIdentifier": region,
                  "Region": region, "HealthCheckId": {"Ref": f"Check{number}"}}  # fmt: skip
        check = {
            "Type": "HTTPS", "FullyQualifiedDomainName": f"{region}.{endpoint}", "Port": 443,
            "ResourcePath": health_path, "RequestInterval": 10, "FailureThreshold": 3,
            "EnableSNI": True,
        }  # fmt: skip
        resources |= {
            f"Check{number}": {"Type": "AWS::Route53::HealthCheck",
                               "Properties": {"HealthCheckConfig": check}},
            f"Own{number}": {"Type": "AWS::Route53::RecordSet", "Properties": zone | own},
            f"Shared{number}": {"Type": "AWS::Route53::RecordSet", "Properties": zone | shared},
        }  # fmt: skip
    return {"Description": "Who finds the program", "Resources": resources}
