"""A small DNS server and small Regions on loopback; a test may change their answers at any moment."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset

UDP_MAX = 1232


class FakeDns:
    """Answers A queries from `names`, or by client subnet from `by_subnet`, over UDP and TCP."""

    def __init__(
        self, names: dict[str, list[str]], *, ttl_s: int = 60, negative_ttl_s: int = 1
    ) -> None:
        self.names, self.ttl_s, self.negative_ttl_s = names, ttl_s, negative_ttl_s
        self.by_subnet: dict[str, dict[str, list[str]]] = {}
        self.silent = False
        self.queries = self.tcp_queries = 0

    def __enter__(self) -> FakeDns:
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._udp.getsockname()
        self._tcp = socket.create_server(self.address)
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
        if addresses:
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


_ = (socketserver, Any)
