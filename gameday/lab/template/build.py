"""One stack in one Region being created: resolves each resource in order and calls its handler."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gameday.errors import TemplateError
from gameday.lab.template import check, dynamic
from gameday.lab.template.endpoint import Clients, Naming
from gameday.lab.template.intrinsics import Scope, references, text
from gameday.lab.template.plan import LeftOut, Unit
from gameday.lab.template.resource import Made, Resource, Work
from gameday.lab.template.resources import CATALOGUE
from gameday.lab.template.resources.route53 import change_records


class Build:
    """One stack being created."""

    def __init__(
        self,
        unit: Unit,
        given: Mapping[str, str],
        exports: Mapping[str, str],
        clients: Clients,
        account: str,
        cache_dir: Path,
    ) -> None:
        self.unit, self.given, self.clients = unit, given, clients
        self.account, self.cache_dir = account, cache_dir
        self.file = unit.stack.template
        self.work = Work()
        self.made: dict[str, Made] = {}
        self.left_out: list[LeftOut] = []
        self.scope = Scope(
            parameters=self._parameters() | self._pseudo(),
            mappings=unit.body.get("Mappings") or {},
            conditions=unit.body.get("Conditions") or {},
            exports=exports,
            made=self._lookup,
        )

    def create(self, logical_id: str) -> None:
        """Create one resource, unless its condition does not hold or its type is unknown."""
        about = self.unit.body["Resources"][logical_id]
        kind = about["Type"]
        if "Condition" in about and not self.scope.holds(about["Condition"]):
            return
        handler = CATALOGUE.get(kind)
        if handler is None:
            self._leave_out(logical_id, kind, "the lab does not know this type")
            return
        with self._naming(f"{logical_id} ({kind})"):
            given = dynamic.resolve(self.scope.resolve(about["Properties"]), self._client)
            resource = self._resource(logical_id, kind, given)
            self.made[logical_id] = handler.create(resource)
        for name in sorted(resource.unread):
            self._leave_out(logical_id, kind, f"the lab does nothing with {name}")

    def finish(self) -> None:
        """Send the record sets that waited, one batch for each zone."""
        for zone_id, records in self.work.record_sets.items():
            with self._naming("record sets"):
                sender = self._resource("record sets", "AWS::Route53::RecordSet", {})
                change_records(sender.call, zone_id, _unique(records))

    def outputs(self) -> tuple[dict[str, str], dict[str, str]]:
        """`(outputs, exports)` of the stack."""
        outputs, exports = {}, {}
        for name, about in (self.unit.body.get("Outputs") or {}).items():
            if "Condition" in about and not self.scope.holds(about["Condition"]):
                continue
            with self._naming(f"output {name}"):
                outputs[name] = text(self.scope.resolve(about["Value"]))
                if "Export" in about:
                    exports[text(self.scope.resolve(about["Export"]["Name"]))] = outputs[name]
        return outputs, exports

    def registration(self, outputs: dict[str, str], exports: dict[str, str]) -> dict[str, Any]:
        """What DescribeStacks and DescribeStackResources will answer."""
        declared = self.unit.body.get("Parameters") or {}
        hidden = {n for n, about in declared.items() if text(about.get("NoEcho")) == "true"}
        values = {n: about.get("Default") for n, about in declared.items()} | dict(self.given)
        return {
            "name": self.unit.stack.name,
            "region": self.unit.region,
            "status": "CREATE_COMPLETE",
            "parameters": {n: "****" if n in hidden else text(v) for n, v in values.items()},
            "outputs": outputs,
            "exports": exports,
            "tags": {},
            "template": json.dumps(self.unit.source),
            "resources": [
                {
                    "LogicalResourceId": logical_id,
                    "PhysicalResourceId": made.ref,
                    "ResourceType": self.unit.body["Resources"][logical_id]["Type"],
                    "ResourceStatus": "CREATE_COMPLETE",
                }
                for logical_id, made in self.made.items()
            ],
        }

    def _client(self, service: str) -> Any:
        return self.clients.client(service, self.unit.region)

    def _resource(self, logical_id: str, kind: str, properties: Mapping[str, Any]) -> Resource:
        return Resource(
            logical_id, kind, properties, self.unit.stack.name, self.unit.region,
            self.account, self.file.parent, self.cache_dir, self.clients, self.work,
        )  # fmt: skip

    def _parameters(self) -> dict[str, Any]:
        declared = self.unit.body.get("Parameters") or {}
        return {
            name: check.parameter_value(self.file, name, about, self._given(name, about))
            for name, about in declared.items()
        }

    def _given(self, name: str, about: Mapping[str, Any]) -> Any:
        """What a parameter is given; of Systems Manager's, the value that the lab has there."""
        value = self.given.get(name, about.get("Default"))
        if not str(about.get("Type", "")).startswith(check.SSM):
            return value
        if not any(use.name == name for use in references(dict(self.unit.body["Resources"]))):
            return value
        with self._naming(name):
            answer = self._client("ssm").get_parameter(Name=text(value), WithDecryption=True)
            return answer["Parameter"]["Value"]

    def _pseudo(self) -> dict[str, Any]:
        name, region, account = self.unit.stack.name, self.unit.region, self.account
        return {
            "AWS::AccountId": account,
            "AWS::NotificationARNs": [],
            "AWS::Partition": "aws",
            "AWS::Region": region,
            "AWS::StackId": f"arn:aws:cloudformation:{region}:{account}:stack/{name}/gameday",
            "AWS::StackName": name,
            "AWS::URLSuffix": "amazonaws.com",
        }

    def _lookup(self, name: str, attribute: str | None) -> Any:
        """What Ref or GetAtt of a resource gives; a stand-in for one that was left out."""
        made = self.made.get(name)
        if made is not None:
            return made.ref if attribute is None else made.attributes[attribute]
        if any(left.logical_id == name for left in self.left_out):
            return f"left-out-{name}" + (f"-{attribute}" if attribute else "")
        raise TemplateError(f"refers to {name}, whose condition does not hold")

    def _leave_out(self, logical_id: str, kind: str, reason: str) -> None:
        stack = self.unit.stack.name
        self.left_out.append(LeftOut(stack, self.unit.region, logical_id, kind, reason))

    def _naming(self, what: str) -> Naming:
        return Naming(f"{self.file}: {what}", self.clients.endpoint)


def _unique(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without repetitions: two names of one certificate may share a validation record."""
    return list({json.dumps(r, sort_keys=True): r for r in records}.values())
