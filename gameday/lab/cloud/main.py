"""The role `cloud`: one AWS endpoint for all Regions, all of moto on one thread behind it.

A call goes to the Region it is for (DynamoDB, Lambda Invoke), to an operation of the lab's own,
or to moto; after a call that may have changed something, the processes concerned get the new
configuration before the caller gets its answer.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from gameday import clock
from gameday.lab.channel import Channel, Message
from gameday.lab.cloud import (
    bus_events,
    code,
    functions,
    internal,
    queues,
    snapshots,
    sns_events,
    stacks,
    zone_import,
)
from gameday.lab.cloud.dns_question import DnsQuestion
from gameday.lab.cloud.experiments import World
from gameday.lab.cloud.fis_api import Experiments
from gameday.lab.cloud.function_logs import FunctionLogs
from gameday.lab.cloud.global_tables import GlobalTables
from gameday.lab.cloud.http import Request, Response, serve
from gameday.lab.cloud.lambda_api import CONCURRENCY, LambdaApi
from gameday.lab.cloud.metrics import Metrics
from gameday.lab.cloud.moto_app import Moto
from gameday.lab.cloud.own import OwnOperations
from gameday.lab.cloud.regions import Regions, lambda_error
from gameday.lab.cloud.route53 import Route53
from gameday.lab.cloud.scope import INVOKE, Scope, action_of, is_read, scope_of
from gameday.lab.cloud.status import status

DNS_PROCESSES = ("dns", "checkers")


class Cloud:
    """The control plane: composition root of this process."""

    def __init__(self, channel: Channel, spec: dict[str, Any]) -> None:
        self.spec, self.channel = spec, channel
        base_url, speed, account = spec["aws_endpoint"], spec["speed"], spec["account"]
        self.code_dir = Path(spec["dir"]) / "code"
        self.moto = Moto(account, base_url)
        self.regions = Regions(spec["regions"])
        self._invoking: set[asyncio.Task[Any]] = set()
        self.moto.repairs |= {
            "lambda": functools.partial(functions.repair, self.invoke_later),
            "sqs": functools.partial(queues.repair, speed),
            "events": functools.partial(bus_events.repair, self.invoke_later),
            "sns": functools.partial(sns_events.repair, self.invoke_later),
        }
        self.queues = queues.Queues(self.moto, clock.Clock(speed))
        self.logs = FunctionLogs(self.moto)
        self.lambda_api = LambdaApi(
            self.moto, account, spec.get("account_concurrency") or CONCURRENCY
        )
        self.tables = GlobalTables(self.regions, account)
        addresses = [region["address"] for region in spec["regions"].values()]
        self.route53 = Route53(
            self.moto, speed, addresses, private_targets=spec.get("private_targets", False)
        )
        self.stacks = stacks.Stacks(account)
        self.metrics = Metrics(self.moto, speed)
        world = World(self.tables.tags, self.pause, self.metrics.state_of_arn, self.event)
        self.experiments = Experiments(account, speed, world)
        self.publisher = snapshots.Publisher(channel)
        self._alarms_told: dict[str, str] = {}
        self._controls_told: dict[str, str] = {}
        self.question = DnsQuestion(spec, self.route53.snapshot, self.route53.health)
        own = functools.partial(OwnOperations, base_url=base_url)
        self.own = {
            "route53": own(
                "route53",
                handlers=self.route53.handlers() | {"TestDNSAnswer": self.question.answer},
                invalid="InvalidInput",
            ),
            "route53-recovery-cluster": own(
                "route53-recovery-cluster", handlers=self.route53.routing_controls.handlers()
            ),
            "lambda": own("lambda", handlers=self.lambda_api.handlers()),
            "fis": own("fis", handlers=self.experiments.handlers()),
            "cloudformation": own(
                "cloudformation", handlers=self.stacks.handlers(), refused=stacks.refused
            ),
        }

    # -- requests ------------------------------------------------------------------------------

    async def handle(self, request: Request) -> Response:
        """The answer to one HTTP request at the AWS endpoint."""
        if request.raw_path.startswith(internal.PREFIX):
            answered = internal.answer(
                request, self.stacks, self.adopt, self.route53.snapshot, self.spec["token"]
            )
            if not is_read(request):
                await self.publish_dns()
                self.tell_routing_controls()
            return answered
        scope = scope_of(request, self.regions.names[0])
        if scope.service == "lambda":
            if INVOKE.match(request.raw_path):
                return await self.regions.invoke(scope.region, request)
            bad_code = code.refusal(request.method, request.raw_path, request.body)
            if bad_code:
                return lambda_error("InvalidParameterValueException", bad_code, 400)
        if scope.service == "dynamodb":
            return await self._dynamodb(scope, request)
        if scope.service == "sqs" and action_of(request) == "ReceiveMessage":
            return await self.queues.receive(request, scope.region)
        response = None
        if scope.service in self.own:
            response = await self.own[scope.service].handle(scope, request)
        if response is None:
            response = self.moto.call(request, scope.service)
        if not is_read(request):
            self.queues.woken()
            await self.changed(scope, action_of(request))
        return response

    def invoke_later(self, region: str, arn: str, event: str) -> None:
        """Hand an event of another service's to the function `arn`, asynchronously."""
        path = f"/2015-03-31/functions/{quote(arn, safe='')}/invocations"
        request = Request("POST", path, ((b"x-amz-invocation-type", b"Event"),), event.encode())
        task = asyncio.create_task(self.regions.invoke(region, request))
        self._invoking.add(task)
        task.add_done_callback(self._invoking.discard)

    def adopt(self, body: dict[str, Any]) -> list[str]:
        """Take over an exported zone; what to warn of."""
        return zone_import.take_over(self.route53, self.moto, body, self.spec["speed"])

    async def _dynamodb(self, scope: Scope, request: Request) -> Response:
        version = self.tables.version
        response = await self.tables.handle(scope.region, action_of(request), request)
        if self.tables.version != version:
            await self.publish_regions()
        return response

    async def changed(self, scope: Scope, action: str | None) -> None:
        """Tell the processes whose configuration a call for `scope` may have changed."""
        if scope.service in ("lambda", "apigateway"):
            await self.publish_regions(scope.region)
        elif scope.service in ("route53", "route53-recovery-cluster"):
            await self.publish_dns()
            self.tell_routing_controls()
        elif scope.service == "monitoring" and action == "PutMetricData":
            self.metrics.client_put(scope.region)
        elif scope.service == "monitoring":
            self.metrics.adopt(scope.region)
            self.tell_alarms()

    # -- configuration flows out ---------------------------------------------------------------

    async def publish_regions(self, *regions: str) -> None:
        """Send what changed to these Regions' processes, or to all."""
        names = [n for n in regions or self.regions.names if n in self.regions.names]
        await self.publisher.publish(
            {f"region/{n}": functools.partial(self.region_body, n) for n in names}
        )

    async def publish_dns(self) -> None:
        """Send zones and health checks to the name server and the checkers."""
        await self.publisher.publish(dict.fromkeys(DNS_PROCESSES, self.route53.snapshot))

    def region_body(self, region: str) -> dict[str, Any]:
        """The snapshot of one Region."""
        return {
            "functions": self.lambda_api.add_settings(
                region, functions.functions(self.moto, region, self.code_dir)
            ),
            "event_sources": self.lambda_api.event_sources(region),
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
            self._alarms_told, self._controls_told = {}, {}
            self.tell_alarms()
            self.tell_routing_controls()

    async def pause(self, region: str, arn: str, paused: bool) -> None:
        """FIS pauses or resumes a global table's replication in `region`."""
        self.tables.pause(region, arn.rpartition("/")[2], paused)
        await self.publish_regions(region)

    def event(self, kind: str, **members: Any) -> None:
        """Write an event into the lab's journal."""
        self.channel.send("event", event={"at": clock.now(), "kind": kind, **members})

    # -- alarms --------------------------------------------------------------------------------

    def tell_alarms(self) -> None:
        """Tell the checkers what the data say of the alarms, when that has changed."""
        states = self.metrics.data_states()
        changed = {p: s for p, s in states.items() if self._alarms_told.get(p) != s}
        for path, state in changed.items():
            region, _, alarm = path.partition("/")
            self.event("lab.alarm_changed", alarm=alarm, region=region, state=state)
        self._alarms_told = states
        if changed:
            self.channel.send("alarms", to="checkers", states=changed)

    def tell_routing_controls(self) -> None:
        """Tell the checkers which routing controls were switched."""
        states = self.route53.routing_controls.states()
        changed = {arn: s for arn, s in states.items() if self._controls_told.get(arn) != s}
        self._controls_told = states
        if changed:
            self.channel.send("alarms", to="checkers", routing_controls=changed)

    async def judge_alarms(self) -> None:
        """Judge every alarm once per AWS minute, until cancelled."""
        while True:
            await asyncio.sleep(self.metrics.until_judged_s())
            self.metrics.judge_all()
            self.tell_alarms()


async def main(channel: Channel, spec: dict[str, Any]) -> None:
    """Serve until cancelled."""
    cloud = Cloud(channel, spec)
    channel.on("fault", lambda m: cloud.regions.cut(m["cut"]))
    channel.on("health", lambda m: cloud.route53.observed(m["checks"]))
    channel.on("resources", lambda m: cloud.question.outside.stand_in(m["resources"]))
    channel.on("metrics", lambda m: cloud.metrics.received(m["from"], m["region"], m["rows"]))
    channel.on("logs", lambda m: cloud.logs.received(m["region"], m["at_ms"], m["rows"]))
    channel.on("resend", cloud.resend)
    channel.on("report", lambda m: channel.send("answer", ask=m["ask"], status=status(cloud)))
    endpoint = urlsplit(spec["aws_endpoint"])
    assert endpoint.hostname
    server = await serve(endpoint.hostname, endpoint.port or 80, cloud.handle)
    gc.freeze()
    channel.send("ready", pid=os.getpid(), endpoint=spec["aws_endpoint"])
    try:
        await cloud.judge_alarms()
    finally:
        server.close()
        cloud.regions.close()
