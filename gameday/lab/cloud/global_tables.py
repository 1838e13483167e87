"""DynamoDB global tables, version 2019.11.21: which table has replicas where, and what is paused.

The tables themselves live in the Regions' processes. Only the calls that span Regions are
handled here: adding and removing replicas, describing a replicated table, deleting a replica.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gameday.lab.cloud.http import Request, Response
from gameday.lab.cloud.regions import JSON_1_0, CallFailed, Regions, json_error

VERSION = "2019.11.21"
_INDEX_MEMBERS = ("IndexName", "KeySchema", "Projection")


def augmented(table: dict[str, Any], replicas: list[str], region: str) -> dict[str, Any]:
    """A table description as DynamoDB shows it for a global table: the other replicas, ACTIVE."""
    others = [{"RegionName": r, "ReplicaStatus": "ACTIVE"} for r in replicas if r != region]
    return table | {
        "GlobalTableVersion": VERSION,
        "Replicas": others,
        "MultiRegionConsistency": "EVENTUAL",
    }


def replica_definition(table: Mapping[str, Any]) -> dict[str, Any]:
    """The CreateTable request that makes a replica of the table described by `table`.

    Its stream carries new and old images, as that of every replica.
    """
    billing = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    request: dict[str, Any] = {
        "TableName": table["TableName"],
        "KeySchema": table["KeySchema"],
        "AttributeDefinitions": table["AttributeDefinitions"],
        "BillingMode": billing,
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    }
    if billing == "PROVISIONED":
        request["ProvisionedThroughput"] = _throughput(table)
    for kind in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
        if table.get(kind):
            request[kind] = [
                {k: index[k] for k in _INDEX_MEMBERS}
                | (
                    {"ProvisionedThroughput": _throughput(index)}
                    if kind.startswith("Global") and billing == "PROVISIONED"
                    else {}
                )
                for index in table[kind]
            ]
    return request


def _throughput(described: Mapping[str, Any]) -> dict[str, int]:
    found = described["ProvisionedThroughput"]
    return {k: int(found[k]) for k in ("ReadCapacityUnits", "WriteCapacityUnits")}


class GlobalTables:
    """The replicas of each table name, and the Regions where FIS has paused its replication."""

    def __init__(self, regions: Regions, account: str) -> None:
        self._regions, self._account = regions, account
        self.replicas: dict[str, list[str]] = {}
        self.version = 0  # grows with every change of `replicas`
        self._paused: set[tuple[str, str]] = set()

    def of_region(self, region: str) -> dict[str, dict[str, Any]]:
        """The member `global_tables` of a Region's snapshot."""
        return {
            name: {"replicas": sorted(replicas), "paused": (region, name) in self._paused}
            for name, replicas in sorted(self.replicas.items())
            if region in replicas
        }

    def pause(self, region: str, table: str, paused: bool) -> None:
        """Stop or resume replication between `region` and all others for `table`."""
        (self._paused.add if paused else self._paused.discard)((region, table))

    async def tags(self, region: str) -> dict[str, dict[str, str]]:
        """The global tables with a replica in `region`: ARN to tags.

        :raises CallFailed: the Region's DynamoDB refused the call.
        """
        found = {}
        for name in self.of_region(region):
            arn = f"arn:aws:dynamodb:{region}:{self._account}:table/{name}"
            answer = await self._regions.call(region, "ListTagsOfResource", {"ResourceArn": arn})
            found[arn] = {t["Key"]: t["Value"] for t in answer.get("Tags", [])}
        return found

    async def handle(self, region: str, action: str | None, request: Request) -> Response:
        """The answer to a DynamoDB request in `region`; most are passed on untouched."""
        if action == "UpdateTable" and b'"ReplicaUpdates"' in request.body:
            try:
                return await self._update(region, json.loads(request.body))
            except CallFailed as failed:
                return failed.response
        response = await self._regions.dynamodb(region, request)
        if response.status != 200 or not self.replicas:
            return response
        if action == "DescribeTable":
            return self._described(region, json.loads(response.body))
        if action == "DeleteTable":
            table = json.loads(response.body)["TableDescription"]["TableName"]
            self._forget(table, region)
        return response

    def _described(self, region: str, answer: dict[str, Any]) -> Response:
        replicas = self.replicas.get(answer["Table"]["TableName"], [])
        if region in replicas:
            answer["Table"] = augmented(answer["Table"], replicas, region)
        return _json(answer)

    async def _update(self, region: str, update: dict[str, Any]) -> Response:
        name, changes = update["TableName"], update.pop("ReplicaUpdates") or []
        if set(update) > {"TableName"}:
            await self._regions.call(region, "UpdateTable", update)
        source = (await self._regions.call(region, "DescribeTable", {"TableName": name}))["Table"]
        for change in changes:
            for verb, replica in change.items():
                refused = self._refusal(name, region, verb, replica["RegionName"])
                if refused:
                    return refused
                if verb == "Create":
                    await self._create(source, region, replica["RegionName"])
                elif verb == "Delete":
                    await self._delete(name, replica["RegionName"])
        table = (await self._regions.call(region, "DescribeTable", {"TableName": name}))["Table"]
        replicas = self.replicas.get(name, [])
        return _json({"TableDescription": augmented(table, replicas, region)})

    def _refusal(self, name: str, region: str, verb: str, other: str) -> Response | None:
        if other not in self._regions.names:
            known = ", ".join(self._regions.names)
            return _invalid(f"Replica Region {other} is not a Region of this lab ({known})")
        if verb == "Create" and other in {region, *self.replicas.get(name, [])}:
            return _invalid(
                "Failed to create a the new replica of table with name: "
                f"'{name}' because one or more replicas already existed as tables."
            )
        if verb in ("Delete", "Disassociate") and other not in self.replicas.get(name, []):
            return json_error("ReplicaNotFoundException", f"{name} has no replica in {other}")
        return None

    async def _create(self, source: dict[str, Any], region: str, other: str) -> None:
        name = source["TableName"]
        if not source.get("StreamSpecification", {}).get("StreamEnabled"):
            stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
            await self._regions.call(
                region, "UpdateTable", {"TableName": name, "StreamSpecification": stream}
            )
            source["StreamSpecification"] = stream
        await self._regions.call(other, "CreateTable", replica_definition(source))
        replicas = self.replicas.setdefault(name, [region])
        replicas.append(other)
        self.version += 1

    async def _delete(self, name: str, other: str) -> None:
        await self._regions.call(other, "DeleteTable", {"TableName": name})
        self._forget(name, other)

    def _forget(self, table: str, region: str) -> None:
        """`region` has no replica any more; one that is left alone is an ordinary table."""
        if region not in self.replicas.get(table, []):
            return
        self.version += 1
        left = [r for r in self.replicas[table] if r != region]
        self._paused.discard((region, table))
        if len(left) > 1:
            self.replicas[table] = left
        else:
            del self.replicas[table]


def _invalid(message: str) -> Response:
    return json_error("ValidationException", message)


def _json(body: dict[str, Any]) -> Response:
    return Response(200, ((b"Content-Type", JSON_1_0),), json.dumps(body).encode())
