"""Which tables cross to which Regions, what holds them back, and what became of the writes.

A pause or a cut of this Region or of the other one stops both directions: the sender does not
send, and the receiver answers `held`, so the sender keeps the change.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from random import Random
from typing import Any

from gameday.clock import Clock, now
from gameday.lab.channel import Channel
from gameday.lab.dynamodb.backend import LabBackend
from gameday.lab.dynamodb.replicator import Peer, Sender, decode
from gameday.lab.dynamodb.table import LabTable
from gameday.tables.replication import Outbox, VersionClock
from gameday.tables.store import Change, Discarded, Version

Row = dict[str, Any]

DISCARDED_KEPT = 1000


class Exchange:
    """Replication of one Region's global tables with every other Region.

    :param create: makes a table from a CreateTable request, for a Region that came back empty.
    """

    def __init__(
        self,
        spec: dict[str, Any],
        channel: Channel,
        backend: LabBackend,
        versions: VersionClock,
        create: Callable[[dict[str, Any]], None],
    ) -> None:
        self.region: str = spec["region"]
        self.clock = Clock(spec["speed"])
        self.discarded: deque[tuple[str, Discarded]] = deque(maxlen=DISCARDED_KEPT)
        self.discarded_count: Counter[str] = Counter()
        self._spec, self._channel = spec, channel
        self._backend, self._versions, self._create = backend, versions, create
        self._global: dict[str, Any] = {}
        self._cut: frozenset[str] = frozenset()
        self._lag_s: tuple[float, float] = (spec["lag_s"][0], spec["lag_s"][1])
        self._senders: dict[tuple[str, str], Sender] = {}
        self._retired: set[asyncio.Task[None]] = set()
        self._latencies: dict[tuple[str, str], Counter[float]] = {}

    # What the control plane and the supervisor say

    def apply(self, global_tables: dict[str, Any]) -> None:
        """The tables that are global now, by whom they are shared and whether paused here."""
        self._global = global_tables
        self.arrange()

    def fault(self, cut: set[str], lag_s: tuple[float, float] | None) -> None:
        """The Regions that are cut now; `lag_s` in AWS seconds holds for writes from now on."""
        self._cut = frozenset(cut)
        if lag_s is not None:
            self._lag_s = (lag_s[0], lag_s[1])
        for sender in self._senders.values():
            sender.outbox.lag_s = self._lag_s
            sender.look()

    def arrange(self) -> None:
        """One sender for each global table that is here and each other Region that shares it."""
        wanted = {}
        for name, table in self._backend.tables.items():
            replicas = tuple(self._global.get(name, {}).get("replicas", ()))
            table.become_replica(replicas if self.region in replicas else ())
            for peer in table.replicas:
                if peer != self.region and peer in self._spec["regions"]:
                    wanted[name, peer] = table
        for route, sender in list(self._senders.items()):
            if wanted.get(route) is not sender.table:
                self._retire(self._senders.pop(route))
        for route, table in wanted.items():
            if route not in self._senders:
                self._senders[route] = self._sender(table, route[1])
        for sender in self._senders.values():
            sender.look()

    def _sender(self, table: LabTable, peer: str) -> Sender:
        seed = f"{self._spec['seed']}/{self.region}/{table.name}/{peer}"
        latencies = self._latencies.setdefault((table.name, peer), Counter())

        def address() -> tuple[str, int]:
            place = self._spec["regions"][peer]
            return place["bind"], place["dynamodb"]

        return Sender(
            table,
            Peer(self.region, peer, address, self._spec["token"]),
            Outbox(Random(seed), self._lag_s),
            self.clock,
            held=lambda: self._held(table.name, peer),
            crossed=lambda s: latencies.update((round(s * 1000.0, 1),)),
        )

    def _retire(self, sender: Sender) -> None:
        task = asyncio.get_running_loop().create_task(sender.stop())
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)

    def _held(self, table: str, peer: str) -> bool:
        """Whether nothing of `table` may cross between here and `peer`, in either direction."""
        if self._cut & {self.region, peer}:
            return True
        return bool(self._global.get(table, {}).get("paused"))

    async def stop(self) -> None:
        for sender in self._senders.values():
            self._retire(sender)
        self._senders.clear()
        await asyncio.gather(*self._retired)

    # What is written

    def written(self, table: LabTable, change: Change) -> None:
        """A write took effect here: it sets out for every other Region."""
        for peer in table.replicas:
            sender = self._senders.get((table.name, peer))
            if sender is not None:
                sender.add(change.key, change.record)

    def receive(self, message: dict[str, Any]) -> dict[str, Any]:
        """Another Region's message, in the form that `replicator` describes."""
        name, origin = message["table"], message["from"]
        shared = {self.region, origin} <= set(self._global.get(name, {}).get("replicas", ()))
        if not shared or self._held(name, origin):
            return {"state": "held"}
        if name not in self._backend.tables and "definition" in message:
            self._create(message["definition"])
        table = self._backend.tables.get(name)
        if table is None:
            return {"state": "missing"}
        ttl_at, ttl = message.get("ttl", (0.0, {}))
        if ttl_at > table.ttl_set_at:
            table.ttl_set_at, table.ttl = ttl_at, ttl
        for key, record in decode(table, message["changes"]):
            self._versions.observe(record.version)
            lost = table.merge(key, record)
            if lost is not None:
                self._conflict(table, lost)
        return {"state": "applied", "incarnation": table.incarnation}

    def _conflict(self, table: LabTable, lost: Discarded) -> None:
        """Two Regions wrote an item unaware of each other: the lab's log says which write went."""
        self.discarded_count[table.name] += 1
        self.discarded.append((table.name, lost))
        key = [str(part) for part in (lost.key[0], *lost.key[1])]
        event = {
            "at": now(),
            "kind": "write.discarded",
            "region": self.region,
            "table": table.name,
            "key": key,
            "lost": _told(lost.lost),
            "kept": _told(lost.kept),
        }
        self._channel.send("event", event=event)

    # What is told

    def metrics(self) -> list[Row]:
        """ReplicationLatency of the changes that arrived since the last call, in milliseconds
        of AWS time. While changes wait beyond their lag, the age of the oldest counts as one
        observation: that is how a pause shows as rising latency."""
        rows = []
        for (table, peer), sender in self._senders.items():
            observed = self._latencies.get((table, peer), Counter())
            values = Counter(observed)
            observed.clear()
            waiting_s = sender.oldest_age_s()
            if waiting_s > self._lag_s[1] + 1.0:
                values[round(waiting_s * 1000.0, 1)] += 1
            if values:
                rows.append(_row(table, peer, dict(values)))
        return rows

    def status(self) -> dict[str, Any]:
        """Each table's items, tombstones, discarded writes, and what waits for each Region."""
        tables: dict[str, Any] = {}
        for name, table in self._backend.tables.items():
            tables[name] = {
                "items": len(table),
                "tombstones": table.store.tombstone_count,
                "discarded": self.discarded_count[name],
                "replicas": {
                    peer: {
                        "state": sender.state,
                        "pending": len(sender.outbox),
                        "oldest_s": round(sender.oldest_age_s(), 3),
                    }
                    for (of, peer), sender in self._senders.items()
                    if of == name
                },
            }
        return tables


def _told(version: Version) -> dict[str, Any]:
    return {"region": version.region, "at": version.at_ns / 1e9}


def _row(table: str, peer: str, values: dict[float, int]) -> Row:
    return {
        "namespace": "AWS/DynamoDB",
        "name": "ReplicationLatency",
        "dimensions": {"TableName": table, "ReceivingRegion": peer},
        "unit": "Milliseconds",
        "values": values,
    }
