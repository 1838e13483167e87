"""DNS queries in Route 53's log format, one line each (developer guide, DNS query logging).

`1.0 2026-11-23T08:20:14.123Z Z123 api.example.test A NOERROR UDP LAB1 127.0.0.1 198.51.100.0/24`:
version, time, zone, name, type, rcode, protocol, edge location, resolver, client subnet or `-`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import dns.rcode
import dns.rdatatype

from gameday import clock
from gameday.lab import dns_odd, dns_wire
from gameday.route53.zone import Zone

EDGE = "LAB1"
"""Route 53 writes the airport code of the edge location and a number."""

FindZone = Callable[[str], Zone | None]


class QueryLog:
    """Appends to `path`; queries for names in no zone are not logged, as on Route 53."""

    def __init__(self, path: Path, find_zone: FindZone) -> None:
        self._file = path.open("a", buffering=1)
        self._find_zone = find_zone

    def write(self, packet: bytes, reply: bytes, source: str, over_tcp: bool) -> None:
        """Log one query and what was replied."""
        line = log_line(packet, reply, source, over_tcp, self._find_zone)
        if line:
            self._file.write(f"1.0 {clock.utc(clock.now())} {line}\n")

    def close(self) -> None:
        """No more is written."""
        self._file.close()


def log_line(
    packet: bytes, reply: bytes, source: str, over_tcp: bool, find_zone: FindZone
) -> str | None:
    """A line from the zone's id on; None for a reply without a question, or for no zone."""
    if len(reply) < 12 or reply[4:6] != b"\0\1":
        return None
    name = dns_wire.read_name(reply[12:])
    zone = find_zone(name)
    if zone is None:
        return None
    at = 12 + len(dns_wire.wire_name(name))
    (kind,) = struct.unpack_from("!H", reply, at)
    rtype = dns.rdatatype.to_text(dns.rdatatype.RdataType.make(kind))
    rcode = dns.rcode.to_text(dns.rcode.Rcode(reply[3] & 15))
    protocol = "TCP" if over_tcp else "UDP"
    subnet = None if dns_wire.plain(packet) else dns_odd.read(packet)
    client = subnet.subnet if subnet and subnet.subnet else "-"
    shown = name.rstrip(".") or "."
    return f"{zone.id} {shown} {rtype} {rcode} {protocol} {EDGE} {source} {client}"
