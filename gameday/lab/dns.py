"""Role `dns`: the authoritative name server of the lab, over UDP and TCP on loopback.

It holds no policy: `dns_answers` says what to reply, `dns_wire` and `dns_odd` read and write
packets. Each wake-up drains up to 64 packets from the socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gameday import clock
from gameday.errors import LabError
from gameday.lab import dns_odd, dns_wire
from gameday.lab.alias_targets import AliasTargets
from gameday.lab.channel import Channel, Message
from gameday.lab.dns_answers import Answers, Change
from gameday.lab.log import log
from gameday.lab.networks import Networks
from gameday.lab.query_log import QueryLog
from gameday.route53.client import Client

DRAIN_MAX = 64
TCP_IDLE_S = 10.0
TCP_CONNECTIONS_MAX = 128
SOURCES_MAX = 10_000
KNOWN_MAX = 10_000
TRANSFERS = (b"\0\xfb", b"\0\xfc")  # IXFR, AXFR
PORT_ATTEMPTS = 20


class Server:
    """Sockets and the way from a packet to a packet."""

    def __init__(
        self, answers: Answers, networks: Networks, query_log: QueryLog | None = None
    ) -> None:
        self.answers, self.networks, self.query_log = answers, networks, query_log
        self.queries = 0
        self._sources: dict[str, Client] = {}
        self._known: dict[tuple[int, bytes, str], bytes] = {}  # by epoch, packet without id, source
        self._open: set[asyncio.StreamWriter] = set()
        self._opt = dns_wire.opt_record()

    def respond(self, packet: bytes, source: str, over_tcp: bool = False) -> bytes | None:
        """The reply to one packet; None where none may be given. Never raises."""
        self.queries += 1
        if not over_tcp:
            known = self._known.get((self.answers.epoch, packet[2:], source))
            if known is not None:
                return packet[:2] + known
        try:
            plain = dns_wire.plain(packet)
            if plain is None or packet[plain.end - 4 : plain.end - 2] in TRANSFERS:
                return self._respond_odd(packet, source, over_tcp)
            return self._respond_plain(packet, plain, source, over_tcp)
        except Exception:
            log.exception("a query of %d bytes", len(packet))
            return dns_odd.refusal(packet, dns_odd.Odd("SERVFAIL")) if len(packet) >= 12 else None

    def _respond_plain(
        self, packet: bytes, plain: dns_wire.Plain, source: str, over_tcp: bool
    ) -> bytes:
        question, client = packet[12 : plain.end], self._client(source)
        reply, _ = self.answers.reply(client, question)
        limit = dns_wire.TCP_MAX if over_tcp else plain.limit
        opt = self._opt if plain.edns else b""
        flags = int.from_bytes(packet[2:4], "big")
        made = dns_wire.pack(reply, packet[:2], flags, question, limit, opt)
        if not over_tcp and len(self.answers.plan(client, question).replies) == 1:
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            self._known[self.answers.epoch, packet[2:], source] = made[2:]
        return made

    def _respond_odd(self, packet: bytes, source: str, over_tcp: bool) -> bytes | None:
        odd = dns_odd.read(packet)
        if odd is None:
            return None
        if odd.rcode is not None or odd.bad_version:
            return dns_odd.refusal(packet, odd)
        client, options = self._client(source), b""
        # A source prefix of length 0 asks not to be located (RFC 7871): the source address counts.
        if odd.subnet is not None and odd.source_bits:
            client = self.networks.of_prefix(odd.subnet)
        reply, by_client = self.answers.reply(client, odd.question)
        if odd.subnet is not None:
            scope_bits = odd.source_bits if by_client else 0
            options = dns_odd.subnet_option(odd.subnet, odd.source_bits, scope_bits)
        opt = dns_wire.opt_record(options) if odd.edns else b""
        limit = dns_wire.TCP_MAX if over_tcp else odd.limit
        flags = int.from_bytes(packet[2:4], "big")
        return dns_wire.pack(reply, packet[:2], flags, odd.question, limit, opt)

    def _client(self, source: str) -> Client:
        client = self._sources.get(source)
        if client is None:
            if len(self._sources) >= SOURCES_MAX:
                self._sources.clear()
            client = self._sources[source] = self.networks.of_source(source)
        return client

    def drain(self, sock: socket.socket) -> None:
        """Answer what waits on a UDP socket, at most 64 packets."""
        for _ in range(DRAIN_MAX):
            try:
                packet, source = sock.recvfrom(65535)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error of an earlier reply
                continue
            reply = self.respond(packet, source[0])
            if reply is not None:
                with contextlib.suppress(OSError):  # a full buffer loses it, as networks do
                    sock.sendto(reply, source)
                if self.query_log is not None:
                    self.query_log.write(packet, reply, source[0], False)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one TCP connection's queries in order until it is idle, deaf or gone."""
        if len(self._open) >= TCP_CONNECTIONS_MAX:
            writer.close()
            return
        self._open.add(writer)
        source = writer.get_extra_info("peername")[0]
        try:
            while True:
                async with asyncio.timeout(TCP_IDLE_S):
                    size = int.from_bytes(await reader.readexactly(2), "big")
                    packet = await reader.readexactly(size)
                reply = self.respond(packet, source, over_tcp=True)
                if reply is None:
                    return
                writer.write(len(reply).to_bytes(2, "big") + reply)
                if self.query_log is not None:
                    self.query_log.write(packet, reply, source, True)
                async with asyncio.timeout(TCP_IDLE_S):
                    await writer.drain()
        except TimeoutError:
            writer.transport.abort()  # closed in order it would wait for who reads no more
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            self._open.discard(writer)
            writer.close()


def bind(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket on the same port of loopback; port 0 takes a free one.

    :raises LabError: the port is taken.
    """
    for attempt in range(PORT_ATTEMPTS):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            udp.bind((host, port))
            tcp.bind((host, udp.getsockname()[1]))
            tcp.listen(128)
        except OSError as e:
            udp.close()
            tcp.close()
            if port or attempt == PORT_ATTEMPTS - 1:
                raise LabError(
                    f"DNS cannot listen on {host}:{port}: {e.strerror}; "
                    "stop what uses it or choose another port"
                ) from e
            continue
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        udp.setblocking(False)
        tcp.setblocking(False)
        return udp, tcp
    raise AssertionError("unreachable")


class Role:
    """Takes messages, keeps the answers current, tells what changed."""

    def __init__(self, channel: Channel, spec: dict[str, Any]) -> None:
        self.channel, self.spec = channel, spec
        self.networks = Networks(spec["networks"])
        self.addresses = {name: region["address"] for name, region in spec["regions"].items()}
        rng = random.Random(f"{spec['seed']}/dns")
        self.targets = AliasTargets(self.addresses)
        self.answers = Answers(self.networks.clients, self.targets, spec["speed"], rng)
        log_file = Path(spec["dir"]) / "queries.log" if spec.get("query_log") else None
        queries = QueryLog(log_file, lambda n: self.answers.zones.find(n)) if log_file else None
        self.server = Server(self.answers, self.networks, queries)
        self._telling: set[asyncio.Task[None]] = set()  # the loop itself holds them weakly
        self._propagation({"propagation_s": spec.get("propagation_s", 0.0)})

    def listen(self) -> None:
        self.channel.on("snapshot", self._snapshot)
        self.channel.on("health", self._health)
        self.channel.on("resources", self._resources)
        self.channel.on("propagation", self._propagation)
        self.channel.on("report", self._report)

    def _propagation(self, message: Message) -> None:
        speed = self.spec["speed"]
        self.propagation_wall_s = clock.Clock(speed).wall(message["propagation_s"])

    async def _snapshot(self, message: Message) -> None:
        await self._tell(self.answers.load(message["body"]))

    async def _health(self, message: Message) -> None:
        health = {check: bool(h["healthy"]) for check, h in message["checks"].items()}
        if self.propagation_wall_s:
            loop = asyncio.get_running_loop()
            loop.call_later(self.propagation_wall_s, self._take_late, health)
        else:
            await self._tell(self.answers.set_health(health))

    def _take_late(self, health: dict[str, bool]) -> None:
        telling = asyncio.create_task(self._tell(self.answers.set_health(health)))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def _resources(self, message: Message) -> None:
        self.targets.stand_in(message["resources"])
        await self._tell(self.answers.externals_changed())

    async def _tell(self, changes: Iterator[Change | None]) -> None:
        """Tell each change; between two steps the name server answers who waits."""
        regions = {address: name for name, address in self.addresses.items()}
        for change in changes:
            if change is not None:
                event = {
                    "at": clock.now(), "kind": "lab.answer_changed", "name": change.name,
                    "type": change.type, "network": change.network, "addresses": change.now,
                    "was": change.was,
                    "regions": [regions[a] for a in change.now if a in regions],
                }  # fmt: skip
                self.channel.send("event", event=event)
            await asyncio.sleep(0)

    def _report(self, message: Message) -> None:
        status = {
            "address": self.spec["dns"], "zones": sorted(self.answers.zones.by_name),
            "queries": self.server.queries, "epoch": self.answers.epoch,
        }  # fmt: skip
        self.channel.send("answer", ask=message["ask"], status=status)


async def main(channel: Channel, spec: dict[str, Any]) -> None:
    """Serve until cancelled.

    :raises LabError: the port is taken.
    """
    role = Role(channel, spec)
    role.listen()
    udp, tcp = bind(*spec["dns"])
    spec["dns"] = list(udp.getsockname())
    loop = asyncio.get_running_loop()
    loop.add_reader(udp, role.server.drain, udp)
    server = await asyncio.start_server(role.server.converse, sock=tcp)
    channel.send("ready", pid=os.getpid(), dns=spec["dns"])
    try:
        async with server:
            await server.serve_forever()
    finally:
        loop.remove_reader(udp)
        udp.close()
        if role.server.query_log is not None:
            role.server.query_log.close()
