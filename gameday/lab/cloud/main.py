"""The role `cloud`: one AWS endpoint for all Regions, all of moto on one thread behind it.

A call goes to the Region it is for (DynamoDB, Lambda Invoke), to an operation of the lab's own,
or to moto; after a call that may have changed something, the processes concerned get the new
configuration before the caller gets its answer.
"""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gameday.lab.channel import Channel, Message
from gameday.lab.cloud import snapshots
from gameday.lab.cloud.global_tables import GlobalTables
from gameday.lab.cloud.http import Request, Response, serve
from gameday.lab.cloud.moto_app import Moto
from gameday.lab.cloud.own import OwnOperations
from gameday.lab.cloud.regions import Regions
from gameday.lab.cloud.route53 import Route53
from gameday.lab.cloud.scope import INVOKE, Scope, action_of, is_read, scope_of

DNS_PROCESSES = ("dns", "checkers")


class Cloud:
    """The control plane: composition root of this process."""

    def __init__(self, channel: Channel, spec: dict[str, Any]) -> None:
        self.spec, self.channel = spec, channel
        base_url, speed = spec["aws_endpoint"], spec["speed"]
        self.code_dir = Path(spec["dir"]) / "code"
        self.moto = Moto(spec["account"], base_url)
        self.regions = Regions(spec["regions"])
        self.tables = GlobalTables(self.regions)
        self.route53 = Route53(self.moto, speed)
        self.publisher = snapshots.Publisher(channel)
        self.own = {
            "route53": OwnOperations("route53", base_url, self.route53.handlers()),
        }

    async def handle(self, request: Request) -> Response:
        """The answer to one HTTP request at the AWS endpoint."""
        if request.raw_path == "/_gameday/ready":
            return Response(200, body=b"ready\n")
        scope = scope_of(request, self.regions.names[0])
        if scope.service == "lambda" and INVOKE.match(request.raw_path):
            return await self.regions.invoke(scope.region, request)
        if scope.service == "dynamodb":
            return await self._dynamodb(scope, request)
        response = None
        if scope.service in self.own:
            response = await self.own[scope.service].handle(scope, request)
        if response is None:
            response = self.moto.call(request, scope.service)
        if not is_read(request):
            await self.changed(scope)
        return response

    async def _dynamodb(self, scope: Scope, request: Request) -> Response:
        action = action_of(request)
        before = self.tables.replicas.copy()
        response = await self.tables.handle(scope.region, action, request)
        if self.tables.replicas != before:
            await self.publish_regions()
        return response

    async def changed(self, scope: Scope) -> None:
        """Tell the processes whose configuration a call for `scope` may have changed."""
        if scope.service in ("lambda", "apigateway"):
            await self.publish_regions(scope.region)
        elif scope.service == "route53":
            await self.publish_dns()

    async def publish_regions(self, *regions: str) -> None:
        """Send what changed to these Regions' processes, or to all."""
        names = regions or self.regions.names
        await self.publisher.publish(
            {
                f"region/{n}": lambda n=n: self.region_body(n)
                for n in names
                if n in self.regions.names
            }
        )

    async def publish_dns(self) -> None:
        """Send zones and health checks to the name server and the checkers."""
        await self.publisher.publish({name: self.route53.snapshot for name in DNS_PROCESSES})

    def region_body(self, region: str) -> dict[str, Any]:
        """The snapshot of one Region."""
        return {
            "functions": snapshots.functions(self.moto, region, self.code_dir),
            "apis": snapshots.apis(self.moto, region),
            "domains": snapshots.domains(self.moto, region),
            "global_tables": self.tables.of_region(region),
        }

    async def resend(self, message: Message) -> None:
        """A process was started again: it knows nothing."""
        process = message["process"]
        self.publisher.forget(process)
        if process.startswith("region/"):
            await self.publish_regions(process.partition("/")[2])
        else:
            await self.publish_dns()


async def main(channel: Channel, spec: dict[str, Any]) -> None:
    """Serve until cancelled."""
    cloud = Cloud(channel, spec)
    channel.on("fault", lambda m: cloud.regions.cut(m["cut"]))
    channel.on("health", lambda m: cloud.route53.observed(m["checks"]))
    channel.on("resend", cloud.resend)
    endpoint = urlsplit(spec["aws_endpoint"])
    assert endpoint.hostname
    server = await serve(endpoint.hostname, endpoint.port or 80, cloud.handle)
    gc.freeze()
    channel.send("ready", pid=os.getpid(), endpoint=spec["aws_endpoint"])
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        server.close()
        cloud.regions.close()
