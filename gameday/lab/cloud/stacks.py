"""CloudFormation as far as the lab has it: what its deployer registered can be described.

The lab deploys templates itself (`gameday lab up`), because moto would report stacks complete
whose resources it silently left out; every call that would deploy is refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from gameday import clock
from gameday.lab.cloud.own import Handler, Params, Result
from gameday.lab.cloud.wire import Fault

Stack = dict[str, Any]

REFUSED = frozenset({
    "CreateStack", "UpdateStack", "DeleteStack", "CreateChangeSet", "ExecuteChangeSet",
    "DeleteChangeSet", "ContinueUpdateRollback", "RollbackStack", "CancelUpdateStack",
    "CreateStackSet", "CreateStackInstances", "UpdateStackSet", "ImportStacksToStackSet",
    "SetStackPolicy", "SignalResource", "UpdateTerminationProtection",
})  # fmt: skip


def refused(operation: str) -> Fault | None:
    """The error for an operation that deploys; None for any other."""
    if operation not in REFUSED:
        return None
    return Fault(
        "ValidationError",
        f"{operation} is not available here: the lab deploys templates by "
        "`gameday lab up --template FILE`, and removes them by `gameday lab down`",
    )


class Stacks:
    """The stacks that the deployer registered, by Region and name."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._stacks: dict[tuple[str, str], Stack] = {}

    def register(self, described: Mapping[str, Any]) -> None:
        """Remember one stack as `PUT /_gameday/stacks` describes it.

        :raises KeyError: a required member is missing.
        """
        name, region = described["name"], described["region"]
        at = datetime.fromtimestamp(clock.now(), UTC)
        known = self._stacks.get((region, name))
        identity = f"arn:aws:cloudformation:{region}:{self._account}:stack/{name}/gameday"
        self._stacks[region, name] = {
            "id": identity,
            "created": known["created"] if known else at,
            "updated": at,
            **described,
            "status": described.get("status", "CREATE_COMPLETE"),
        }

    def remove(self, region: str, name: str) -> None:
        """Forget a stack; one that is not known is no error."""
        self._stacks.pop((region, name), None)

    def all(self) -> Iterable[Stack]:
        """Every stack."""
        return self._stacks.values()

    def handlers(self) -> dict[str, Handler]:
        """By operation name."""
        return {
            "DescribeStacks": self._describe,
            "ListStacks": self._list,
            "DescribeStackResources": self._describe_resources,
            "DescribeStackResource": self._describe_resource,
            "ListStackResources": self._list_resources,
            "DescribeStackEvents": self._events,
            "ListExports": self._exports,
            "ListImports": lambda region, p: {"Imports": []},
            "GetTemplate": self._template,
        }

    def _of_region(self, region: str) -> list[Stack]:
        return [s for (where, _), s in sorted(self._stacks.items()) if where == region]

    def _find(self, region: str, name: str | None) -> Stack:
        for stack in self._of_region(region):
            if name in (stack["name"], stack["id"]):
                return stack
        raise Fault("ValidationError", f"Stack with id {name} does not exist")

    def _describe(self, region: str, params: Params) -> Result:
        name = params.get("StackName")
        found = [self._find(region, name)] if name else self._of_region(region)
        return {"Stacks": [_described(s) for s in found]}

    def _list(self, region: str, params: Params) -> Result:
        wanted = params.get("StackStatusFilter") or []
        return {
            "StackSummaries": [
                {
                    "StackId": s["id"],
                    "StackName": s["name"],
                    "CreationTime": s["created"],
                    "StackStatus": s["status"],
                }
                for s in self._of_region(region)
                if not wanted or s["status"] in wanted
            ]
        }

    def _describe_resources(self, region: str, params: Params) -> Result:
        if params.get("StackName"):
            stack = self._find(region, params["StackName"])
            return {"StackResources": self._resources(stack, params.get("LogicalResourceId"))}
        physical = params.get("PhysicalResourceId")
        for stack in self._of_region(region):
            if any(r.get("PhysicalResourceId") == physical for r in stack.get("resources", ())):
                return {"StackResources": self._resources(stack, None)}
        raise Fault("ValidationError", f"Stack for {physical} does not exist")

    def _describe_resource(self, region: str, params: Params) -> Result:
        stack, logical = self._find(region, params["StackName"]), params["LogicalResourceId"]
        found = self._resources(stack, logical)
        if not found:
            message = f"Resource {logical} does not exist for stack {stack['name']}"
            raise Fault("ValidationError", message)
        return {"StackResourceDetail": found[0] | {"LastUpdatedTimestamp": stack["updated"]}}

    def _list_resources(self, region: str, params: Params) -> Result:
        stack = self._find(region, params["StackName"])
        listed = self._resources(stack, None)
        at = stack["updated"]
        return {"StackResourceSummaries": [r | {"LastUpdatedTimestamp": at} for r in listed]}

    def _resources(self, stack: Stack, logical: str | None) -> list[dict[str, Any]]:
        owner = {"StackId": stack["id"], "StackName": stack["name"], "Timestamp": stack["updated"]}
        return [
            owner | {"ResourceStatus": "CREATE_COMPLETE"} | r
            for r in stack.get("resources", ())
            if logical in (None, r["LogicalResourceId"])
        ]

    def _events(self, region: str, params: Params) -> Result:
        stack = self._find(region, params.get("StackName"))
        events = [
            r | {"EventId": f"{r['LogicalResourceId']}-{r['ResourceStatus']}"}
            for r in self._resources(stack, None)
        ]
        return {"StackEvents": events}

    def _exports(self, region: str, params: Params) -> Result:
        return {
            "Exports": [
                {"ExportingStackId": s["id"], "Name": name, "Value": str(value)}
                for s in self._of_region(region)
                for name, value in (s.get("exports") or {}).items()
            ]
        }

    def _template(self, region: str, params: Params) -> Result:
        template = self._find(region, params.get("StackName")).get("template", "")
        body = template if isinstance(template, str) else json.dumps(template)
        return {"TemplateBody": body, "StagesAvailable": ["Original"]}


def _described(stack: Stack) -> dict[str, Any]:
    exported = {str(v): k for k, v in (stack.get("exports") or {}).items()}
    return {
        "StackId": stack["id"],
        "StackName": stack["name"],
        "CreationTime": stack["created"],
        "LastUpdatedTime": stack["updated"],
        "StackStatus": stack["status"],
        "Parameters": _pairs(stack.get("parameters"), "ParameterKey", "ParameterValue"),
        "Outputs": [
            {"OutputKey": k, "OutputValue": str(v)}
            | ({"ExportName": exported[str(v)]} if str(v) in exported else {})
            for k, v in (stack.get("outputs") or {}).items()
        ],
        "Tags": _pairs(stack.get("tags"), "Key", "Value"),
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    }


def _pairs(values: Mapping[str, Any] | None, key: str, value: str) -> list[dict[str, str]]:
    text: Callable[[Any], str] = lambda v: str(v).lower() if isinstance(v, bool) else str(v)  # noqa: E731
    return [{key: k, value: text(v)} for k, v in (values or {}).items()]
