"""Two or three Regions' DynamoDB in one process: the servers on a loop in a thread of their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
import uvloop
from botocore.config import Config

from gameday import clock
from gameday.lab.dynamodb import RegionDynamoDB

SPEED = 10.0
LAG_S = (0.6, 1.2)
TABLE = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


class FakeChannel:
    """Keeps what a Region sends to its supervisor."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def send(self, kind: str, **members: Any) -> None:
        self.events.append({"kind": kind, **members})


class World:
    """Regions that share a spec; every method may be called from the test's thread."""

    def __init__(self, *regions: str, lag_s: tuple[float, float] = LAG_S) -> None:
        self.loop = uvloop.new_event_loop()  # as in the lab's processes
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.places = {r: {"bind": "127.0.0.1", "dynamodb": 0} for r in regions}
        self.lag_s = lag_s
        self.dbs: dict[str, RegionDynamoDB] = {}
        self.channels: dict[str, FakeChannel] = {}
        self.clients: list[Any] = []
        for region in regions:
            self.up(region)

    def up(self, region: str) -> RegionDynamoDB:
        """Start (or start again, empty) a Region; it keeps its port."""
        spec = {
            "region": region,
            "account": "123456789012",
            "token": "shared",
            "speed": SPEED,
            "seed": 4711,
            "regions": self.places,
            "lag_s": list(self.lag_s),
        }
        self.channels[region] = FakeChannel()

        async def start() -> RegionDynamoDB:
            db = RegionDynamoDB(spec, self.channels[region])  # type: ignore[arg-type]
            await db.start()
            return db

        db = self.run(start())
        self.places[region]["dynamodb"] = db.port
        self.dbs[region] = db
        return db

    def down(self, region: str) -> None:
        self.run(self.dbs.pop(region).stop())

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def do(self, region: str, method: str, *args: Any) -> Any:
        """Call a method of a Region on the loop, as the Region's process would."""

        async def call() -> Any:
            return getattr(self.dbs[region], method)(*args)

        return self.run(call())

    def client(self, region: str, service: str = "dynamodb") -> Any:
        made = boto3.client(
            service,
            region_name=region,
            endpoint_url=f"http://127.0.0.1:{self.places[region]['dynamodb']}",
            aws_access_key_id="lab",
            aws_secret_access_key="lab",
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=10),
        )
        self.clients.append(made)
        return made

    def share(self, name: str, *regions: str, paused: tuple[str, ...] = ()) -> None:
        """What `cloud` publishes: `name` is global in `regions`, paused in some of them."""
        for region in regions:
            body = {name: {"replicas": list(regions), "paused": region in paused}}
            self.do(region, "apply", body)

    def table(self, name: str, *regions: str, **settings: Any) -> list[Any]:
        """A global table; one client for each Region."""
        clients = [self.client(region) for region in regions]
        for client in clients:
            client.create_table(TableName=name, **{**TABLE, **settings})
        self.share(name, *regions)
        return clients

    def table_in(self, us_only: str, other: str) -> list[Any]:
        """A global table `things` shared with a Region that is a process of its own."""
        clients = [self.client(us_only), self.client(other)]
        for client in clients:
            client.create_table(TableName="things", **TABLE)
        body = {"things": {"replicas": sorted((us_only, other)), "paused": False}}
        self.do(us_only, "apply", body)
        return clients

    def pending(self, region: str, name: str) -> int:
        replicas = self.do(region, "status")[name]["replicas"]
        return sum(r["pending"] for r in replicas.values())

    def close(self) -> None:
        for client in self.clients:
            client.close()
        for region in list(self.dbs):
            self.down(region)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()


@pytest.fixture
def world() -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def make(*regions: str, **settings: Any) -> World:
        made.append(World(*regions, **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


def until(condition: Callable[[], Any], within_wall_s: float = 20.0) -> Any:
    """What `condition` returns once it is true.

    :raises AssertionError: it was not within `within_wall_s`.
    """
    deadline = clock.monotonic() + within_wall_s
    while not (value := condition()):
        assert clock.monotonic() < deadline, "the condition did not come true in time"
        clock.sleep_wall(0.01)
    return value


@pytest.fixture(name="until")
def until_fixture() -> Callable[..., Any]:
    return until


@pytest.fixture
def region(world: Callable[..., Any]) -> Any:
    return world("us-east-1")


@pytest.fixture
def client(region: Any) -> Any:
    """A client of a Region that has one table, `things`."""
    return region.table("things", "us-east-1")[0]
