"""DNS packets: a bounds-checked parser for the plain query, and a writer of replies.

A plain query has one question of class IN, no other record but an empty OPT, and no compression.
`plain` returns None for everything else, which `dns_odd.py` leaves to dnspython.
"""

from __future__ import annotations

import re
import socket
import struct
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from gameday.route53.answer import Answer, Rrset
from gameday.route53.record_data import master_file
from gameday.route53.zone import escape_label

HEADER = struct.Struct("!6H")
FIXED = struct.Struct("!HHIH")  # type, class, ttl, rdlength
OPT = struct.Struct("!BHHIH")  # root name, 41, payload size, flags, rdlength

UDP_PLAIN_MAX = 512
UDP_EDNS_MAX = 4096  # DNSBehavior
TCP_MAX = 65535
TYPE_OPT, TYPE_ANY, CLASS_IN = 41, 255, 1
QR, AA, TC, RD = 0x8000, 0x0400, 0x0200, 0x0100
RCODES = {"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}


@dataclass(frozen=True, slots=True)
class Plain:
    """A plain query: where its question ends, and how large a reply may be."""

    end: int
    limit: int
    edns: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply but for its id and question: how many records each section has, and its bytes."""

    flags: int
    answers: int
    authorities: int
    additionals: int
    answer: bytes
    authority: bytes
    additional: bytes


def plain(packet: bytes) -> Plain | None:
    """The query in `packet`, or None where it is anything but plain."""
    size = len(packet)
    if size < 17:
        return None
    _, flags, questions, answers, authorities, additionals = HEADER.unpack_from(packet)
    if flags & 0xFA0F or questions != 1 or answers or authorities or additionals > 1:
        return None  # QR, opcode, TC, rcode; AD and CD are ignored
    at = 12
    while (length := packet[at]) != 0:
        at += length + 1
        if length > 63 or at >= size or at > 12 + 254:
            return None
    end = at + 5
    if end > size or packet[end - 2 : end] != b"\0\1":
        return None
    if not additionals:
        return Plain(end, UDP_PLAIN_MAX, False) if end == size else None
    if size != end + OPT.size:
        return None
    name, kind, payload, extended, length = OPT.unpack_from(packet, end)
    if name or kind != TYPE_OPT or extended & 0xFFFF0000 or length:
        return None  # an option, another version, an extended rcode
    return Plain(end, max(UDP_PLAIN_MAX, min(payload, UDP_EDNS_MAX)), True)


def read_name(question: bytes) -> str:
    """The name at the start of a question that `plain` has checked, as `route53` writes names."""
    labels, at = [], 0
    while length := question[at]:
        labels.append(escape_label(question[at + 1 : at + 1 + length]))
        at += length + 1
    return ".".join(labels) + "."


def pack(
    reply: Reply, query_id: bytes, flags: int, question: bytes, limit: int, opt: bytes = b""
) -> bytes:
    """The packet, never longer than `limit`.

    Sections that do not fit are dropped from the last to the first. TC is set when that leaves too
    little: no answer, or a referral without its glue (RFC 2181 section 9, RFC 9471). `flags` are
    the query's, of which RD is copied.
    """
    out = reply.flags | (flags & RD)
    space = limit - 12 - len(question) - len(opt)
    counts = (reply.answers, reply.authorities, reply.additionals + bool(opt))
    body = reply.answer + reply.authority + reply.additional
    if len(body) > space:
        (answers, authorities), body = _cut(reply, space)
        counts = (answers, authorities, int(bool(opt)))
        out |= 0 if answers else TC
    return query_id + struct.pack("!5H", out, 1, *counts) + question + body + opt


def _cut(reply: Reply, space: int) -> tuple[tuple[int, int], bytes]:
    """As many whole sections, answer and authority, as fit: their counts and bytes."""
    if len(reply.answer) + len(reply.authority) <= space:
        return (reply.answers, reply.authorities), reply.answer + reply.authority
    if len(reply.answer) <= space:
        return (reply.answers, 0), reply.answer
    return (0, 0), b""


def opt_record(options: bytes = b"", extended_rcode: int = 0) -> bytes:
    """An OPT record of version 0 that advertises what this server accepts."""
    ttl = extended_rcode << 24
    return OPT.pack(0, TYPE_OPT, UDP_EDNS_MAX, ttl, len(options)) + options


def write_reply(answer: Answer, qname: str, ttl_of: TtlOf, turn: int = 0) -> Reply:
    """`answer` to a question for `qname`; `turn` rotates the values of its last record set.

    Names equal to one already written become pointers. Values that are not well-formed are left
    out (Route 53 would have refused them).
    """
    names = {qname: 12}
    at = 12 + len(wire_name(qname)) + 4
    sections = []
    records = (*answer.records[:-1], *(_turned(r, turn) for r in answer.records[-1:]))
    for rrsets in (records, answer.authority, answer.additional):
        count, written = 0, b""
        for rrset in rrsets:
            for rdata in filter(None, (_rdata(rrset.type, v) for v in rrset.values)):
                owner = _pointer(rrset.name, names, at + len(written))
                kind = dns.rdatatype.from_text(rrset.type)
                fixed = FIXED.pack(kind, CLASS_IN, ttl_of(rrset.ttl_s), len(rdata))
                written += owner + fixed + rdata
                count += 1
        at += len(written)
        sections.append((count, written))
    (n, answers), (ns, authority), (ar, additional) = sections
    flags = QR | (AA if answer.authoritative else 0) | RCODES[answer.rcode]
    return Reply(flags, n, ns, ar, answers, authority, additional)


class TtlOf:
    """Scales TTLs: AWS seconds to whole wall seconds, at least 1 (0 stays 0: not cached)."""

    def __init__(self, speed: float) -> None:
        self.speed = speed

    def __call__(self, ttl_s: int) -> int:
        return max(1, round(ttl_s / self.speed)) if ttl_s else 0

    def rounds(self, ttl_s: int) -> bool:
        """Whether `ttl_s` cannot be kept exactly at this speed."""
        return bool(ttl_s) and self(ttl_s) * self.speed != ttl_s


def _turned(rrset: Rrset, turn: int) -> Rrset:
    values = rrset.values[turn:] + rrset.values[:turn]
    return Rrset(rrset.name, rrset.type, rrset.ttl_s, values)


def _pointer(name: str, names: dict[str, int], at: int) -> bytes:
    known = names.get(name)
    if known is not None:
        return struct.pack("!H", 0xC000 | known)
    if at < 0x4000:
        names[name] = at
    return wire_name(name)


_OCTAL = re.compile(r"\\([0-7]{3})")


def wire_name(name: str) -> bytes:
    """A name of `route53` in wire form, uncompressed."""
    out = b""
    for label in name.rstrip(".").split(".") if name != "." else ():
        raw = _OCTAL.sub(lambda m: chr(int(m[1], 8) & 255), label).encode("latin-1", "replace")
        out += bytes((min(len(raw), 63),)) + raw[:63]
    return out + b"\0"


def _rdata(rtype: str, value: str) -> bytes | None:
    if rtype == "A":
        try:
            return socket.inet_aton(value) if value.count(".") == 3 else None
        except OSError:
            return None
    kind = "TXT" if rtype == "SPF" else rtype
    try:
        parsed = dns.rdata.from_text(
            dns.rdataclass.IN, kind, master_file(value), origin=dns.name.root, relativize=False
        )
        wire: bytes = parsed.to_wire()  # type: ignore[assignment]
    except (dns.exception.DNSException, ValueError):
        return None
    return wire
