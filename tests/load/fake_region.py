"""A small DNS server and small Regions on loopback; their answers may change at any moment."""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import socketserver
import ssl
import struct
import threading
import time
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

UDP_MAX = 1232


class FakeDns:
    """Answers A queries from `names`, or by client subnet from `by_subnet`, over UDP and TCP."""

    def __init__(
        self, names: dict[str, list[str]], *, ttl_s: int = 60, negative_ttl_s: int = 1
    ) -> None:
        self.names, self.ttl_s, self.negative_ttl_s = names, ttl_s, negative_ttl_s
        self.by_subnet: dict[str, dict[str, list[str]]] = {}
        self.zones: dict[str, list[str]] = {}  # with their name servers, where it knows of zones
        self.aliases: dict[str, str] = {}
        self.silent = False
        self.queries = self.tcp_queries = 0

    def __enter__(self) -> FakeDns:
        self._udp, self._tcp = _udp_and_tcp()
        self.address: tuple[str, int] = self._udp.getsockname()
        self._threads = [threading.Thread(target=f) for f in (self._serve_udp, self._serve_tcp)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wake:
            wake.sendto(b"", self.address)
        with contextlib.suppress(OSError):
            socket.create_connection(self.address, 1).close()
        for thread in self._threads:
            thread.join(5)
        self._udp.close()
        self._tcp.close()

    _closing = False

    def reply(self, wire: bytes, *, limit: int = 65_535) -> bytes:
        query = dns.message.from_wire(wire)
        subnets = [o for o in query.options if isinstance(o, dns.edns.ECSOption)]
        subnet = f"{subnets[0].address}/{subnets[0].srclen}" if subnets else ""
        name = query.question[0].name.to_text(omit_final_dot=True)
        addresses = self.by_subnet.get(subnet, self.names).get(name, [])
        answer = dns.message.make_response(query)
        rdtype = query.question[0].rdtype
        if rdtype != dns.rdatatype.A:
            self._of_zone(answer, name, rdtype)
        elif name in self.aliases:
            answer.answer.append(
                dns.rrset.from_text(f"{name}.", self.ttl_s, "IN", "CNAME", self.aliases[name])
            )
        elif addresses:
            answer.answer.append(
                dns.rrset.from_text(query.question[0].name, self.ttl_s, "IN", "A", *addresses)
            )
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
            soa = f"ns. hostmaster. 1 7200 900 1209600 {self.negative_ttl_s}"
            answer.authority.append(
                dns.rrset.from_text("example.test.", self.negative_ttl_s, "IN", "SOA", soa)
            )
        full = answer.to_wire(max_size=65_535)
        if len(full) > limit:
            answer.answer.clear()
            answer.flags |= dns.flags.TC
            full = answer.to_wire(max_size=65_535)
        return full

    def _of_zone(self, answer: dns.message.Message, name: str, rdtype: int) -> None:
        """Who serves a zone, and that it is one."""
        servers = self.zones.get(name, [])
        soa = "ns. hostmaster. 1 7200 900 1209600 60"
        said = [soa] if rdtype == dns.rdatatype.SOA else [f"{server}." for server in servers]
        if servers:
            kind = dns.rdatatype.to_text(rdtype)
            answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *said))

    def _serve_udp(self) -> None:
        while not self._closing:
            wire, peer = self._udp.recvfrom(4096)
            if wire:
                self.queries += 1
                if not self.silent:
                    self._udp.sendto(self.reply(wire, limit=UDP_MAX), peer)

    def _serve_tcp(self) -> None:
        while True:
            link, _ = self._tcp.accept()
            with link:
                if self._closing:
                    return
                self.tcp_queries += 1
                (length,) = struct.unpack("!H", link.recv(2, socket.MSG_WAITALL))
                full = self.reply(link.recv(length, socket.MSG_WAITALL))
                link.sendall(struct.pack("!H", len(full)) + full)


def _udp_and_tcp() -> tuple[socket.socket, socket.socket]:
    """Two sockets on one port, whichever is free for both."""
    for _ in range(20):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        try:
            return udp, socket.create_server(udp.getsockname())
        except OSError:
            udp.close()
    raise RuntimeError("no port is free for UDP and TCP")


class Store:
    """Items with the Region that wrote them; another Region sees them `lag_s` later."""

    def __init__(self, lag_s: float = 0.0) -> None:
        self.lag_s = lag_s
        self.items: dict[str, tuple[str, float]] = {}

    def seen_in(self, region: str, item_id: str) -> bool:
        written = self.items.get(item_id)
        if written is None:
            return False
        return written[0] == region or time.monotonic() - written[1] >= self.lag_s


class FakeRegion:
    """An HTTP or HTTPS server that serves items, or fails as `mode` says.

    Modes: `serve`, `error` (503), `throttled` (API Gateway's own 500), `reset`, `hang`.
    """

    def __init__(
        self,
        region: str,
        address: str,
        store: Store,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.region, self.store, self.mode, self.named = region, store, "serve", True
        self.requests: list[tuple[float, str, str]] = []  # time, method, host header
        self.connections = 0
        self._server = _Server((address, port), _handler(self))
        self._server.tls = tls
        self.port = self._server.server_address[1]

    def __enter__(self) -> FakeRegion:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port and every connection: from now on connections are refused."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(5)
            self._server.drop_connections()

    def answer(self, method: str, path: str, key: str | None) -> tuple[int, dict[str, str]]:
        if method == "POST":
            item_id = f"id-{key}"
            self.store.items.setdefault(item_id, (self.region, time.monotonic()))
            return 201, {"id": item_id}
        item_id = path.rpartition("/")[2]
        if method == "DELETE":
            return (200 if self.store.items.pop(item_id, None) else 404), {"id": item_id}
        found = self.store.seen_in(self.region, item_id)
        return (200, {"id": item_id}) if found else (404, {"message": "not found"})


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256
    tls: ssl.SSLContext | None = None

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._open: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        sock, peer = super().get_request()
        self._open.add(sock)
        return sock, peer

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.tls:
            self._open.discard(request)
            request.settimeout(5)
            request = self.tls.wrap_socket(request, server_side=True)
            request.settimeout(None)
            self._open.add(request)
        try:
            super().finish_request(request, client_address)
        finally:
            self._open.discard(request)
            request.close()

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def drop_connections(self) -> None:
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nothing to report."""


def _handler(fake: FakeRegion) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            fake.connections += 1

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self._serve()

        def do_DELETE(self) -> None:
            self._serve()

        def _serve(self) -> None:
            fake.requests.append((time.monotonic(), self.command, self.headers["host"]))
            if fake.mode == "hang":
                threading.Event().wait(30)
            if fake.mode == "reset":
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                return
            status, body = {"error": 503, "throttled": 500}.get(fake.mode, 0), {"message": "no"}
            if not status:
                status, body = fake.answer(self.command, self.path, self.headers["idempotency-key"])
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            if fake.named:
                self.send_header("x-region", fake.region)
            if fake.mode == "throttled":
                self.send_header("x-amzn-ErrorType", "InternalServerErrorException")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            """Tests read `requests`."""

    return Handler
