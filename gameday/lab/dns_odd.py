"""Queries that are not plain, read by dnspython: EDNS options, odd opcodes, several questions.

Malformed packets get FORMERR where they have a header to answer to, and nothing otherwise;
responses are never answered, so that two servers cannot talk to each other for ever.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import ip_network

import dns.edns
import dns.exception
import dns.message
import dns.opcode
import dns.rdataclass
import dns.rdatatype

from gameday.lab import dns_wire
from gameday.route53.client import Prefix

BADVERS = 16
TRANSFERS = (dns.rdatatype.AXFR, dns.rdatatype.IXFR)


@dataclass(frozen=True, slots=True)
class Odd:
    """What an odd query asks for: `rcode` when it is refused, else a question for the plans."""

    rcode: str | None
    question: bytes = b""
    limit: int = dns_wire.UDP_PLAIN_MAX
    edns: bool = False
    subnet: Prefix | None = None
    source_bits: int = 0
    bad_version: bool = False


def read(packet: bytes) -> Odd | None:
    """What the packet asks; None where no answer may be given."""
    if len(packet) < 12 or packet[2] & 0x80:
        return None
    if (packet[2] >> 3) & 15 != dns.opcode.QUERY:
        return Odd("NOTIMP")
    try:
        message = dns.message.from_wire(packet)
    except (dns.exception.DNSException, ValueError, struct.error, IndexError):
        return Odd("FORMERR")
    edns = message.edns >= 0
    limit = min(max(message.payload, dns_wire.UDP_PLAIN_MAX), dns_wire.UDP_EDNS_MAX)
    if not edns:
        limit = dns_wire.UDP_PLAIN_MAX
    if len(message.question) != 1:
        return Odd("FORMERR", edns=edns)
    asked = message.question[0]
    name: bytes = asked.name.to_wire()  # type: ignore[assignment]
    question = name + struct.pack("!HH", asked.rdtype, asked.rdclass)
    if message.edns > 0:
        return Odd(None, question, limit, True, bad_version=True)
    if asked.rdclass != dns.rdataclass.IN or asked.rdtype in TRANSFERS:
        return Odd("REFUSED", question, limit, edns)
    try:
        subnet, bits = _subnet(message)
    except ValueError:
        return Odd("FORMERR", question, limit, edns)
    return Odd(None, question, limit, edns, subnet, bits)


def _subnet(message: dns.message.Message) -> tuple[Prefix | None, int]:
    for option in message.options:
        if isinstance(option, dns.edns.ECSOption):
            if option.scopelen:
                raise ValueError("a query's scope is 0")  # RFC 7871 section 6
            bits = int(option.srclen)
            return ip_network(f"{option.address}/{bits}", strict=False), bits
    return None, 0


def subnet_option(subnet: Prefix, bits: int, scope_bits: int) -> bytes:
    """The client subnet option that answers one, as RFC 7871 wants it echoed."""
    family = 1 if subnet.version == 4 else 2
    address = subnet.network_address.packed[: (bits + 7) // 8]
    body = struct.pack("!HBB", family, bits, scope_bits) + address
    return struct.pack("!HH", dns.edns.ECS, len(body)) + body


def refusal(packet: bytes, odd: Odd) -> bytes:
    """A packet that carries nothing but an rcode; never longer than the query."""
    flags = int.from_bytes(packet[2:4], "big") & (0x7800 | dns_wire.RD) | dns_wire.QR
    rcode = dns_wire.RCODES[odd.rcode or "NOERROR"]
    opt = b""
    if odd.bad_version:
        opt = dns_wire.opt_record(extended_rcode=BADVERS >> 4)
    elif odd.edns:
        opt = dns_wire.opt_record()
    header = struct.pack("!5H", flags | rcode, int(bool(odd.question)), 0, 0, int(bool(opt)))
    return packet[:2] + header + odd.question + opt
