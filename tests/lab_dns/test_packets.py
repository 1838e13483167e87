"""Twenty thousand strange packets, and what the codec promises about each reply."""

import os
import random
from collections import Counter

import dns.edns
import dns.exception
import dns.message
import dns.rdatatype
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.lab import dns_wire
from gameday.lab.alias_targets import AliasTargets
from gameday.lab.dns import Server
from gameday.lab.dns_answers import Answers
from gameday.lab.networks import Networks, default_networks
from gameday.route53.answer import Answer, Rrset, no_externals

PACKETS = int(os.environ.get("GAMEDAY_FUZZ_PACKETS", "20000"))  # the long form: a million
SEED = 4711


def a_server() -> Server:
    """A server with weighted, multivalue and wildcard names, without sockets."""
    networks = Networks(default_networks(["us-east-1", "eu-west-1"]))
    externals = AliasTargets({"us-east-1": "127.0.1.1", "eu-west-1": "127.0.2.1"})
    answers = Answers(networks.clients, externals, 10.0, random.Random(SEED))
    records = [
        {"Name": "www.example.test", "Type": "A", "TTL": 60, "SetIdentifier": str(n), "Weight": n,
         "ResourceRecords": [{"Value": f"192.0.2.{n}"}]} for n in range(3)
    ] + [
        {"Name": "*.many.example.test", "Type": "A", "TTL": 60, "SetIdentifier": str(n),
         "MultiValueAnswer": True, "ResourceRecords": [{"Value": f"192.0.2.{n}"}]}
        for n in range(10)
    ] + [
        {"Name": "big.example.test", "Type": "TXT", "TTL": 60,
         "ResourceRecords": [{"Value": f'"{n:03}{"x" * 200}"'} for n in range(30)]},
    ]  # fmt: skip
    zone = {"id": "Z1", "name": "example.test", "record_sets": records}
    assert len(list(answers.load({"zones": [zone], "health_checks": []})))
    return Server(answers, networks)


def seeds() -> list[bytes]:
    """Well-formed queries of every kind, to be mutated."""
    subnet = dns.edns.ECSOption("203.0.113.0", 24)
    made = [
        dns.message.make_query(name, rtype, **options)
        for name in ("www.example.test", "a.many.example.test", "big.example.test", "example.org")
        for rtype in ("A", "TXT", "ANY", "SOA")
        for options in ({}, {"use_edns": 0, "payload": 1232}, {"use_edns": 0, "options": [subnet]})
    ]
    for message in made:
        message.id = 7
    return [m.to_wire() for m in made]


def mutated(packet: bytes, rng: random.Random) -> bytes:
    """A packet with bytes changed, cut off, repeated or added."""
    out = bytearray(packet)
    for _ in range(rng.randrange(4)):
        kind, at = rng.randrange(5), rng.randrange(len(out) + 1)
        if kind == 0 and out:
            out[at % len(out)] = rng.randrange(256)
        elif kind == 1:
            del out[at:]
        elif kind == 2:
            out[at:at] = rng.randbytes(rng.randrange(1, 12))
        elif kind == 3:
            out[at:at] = b"\xc0" + bytes((rng.randrange(40),))
        elif len(out) >= 12:
            out[2 + rng.randrange(10)] ^= 1 << rng.randrange(8)
    return bytes(out)


def advertised(packet: bytes) -> int:
    """The largest reply that the sender of `packet` says it takes."""
    try:
        message = dns.message.from_wire(packet, ignore_trailing=True)
    except Exception:
        return 512
    return min(max(message.payload, 512), 4096) if message.edns >= 0 else 512


def test_no_packet_crashes_the_server_and_no_reply_is_too_large(caplog):
    server, rng, starts = a_server(), random.Random(SEED), seeds()
    answered = 0
    for number in range(PACKETS):
        start = rng.choice(starts)
        packet = rng.randbytes(rng.randrange(80)) if number % 10 == 0 else mutated(start, rng)
        reply = server.respond(packet, "127.0.0.1")
        if reply is None:
            assert len(packet) < 12 or packet[2] & 0x80, (SEED, number, packet)
            continue
        answered += 1
        assert reply[:2] == packet[:2], (SEED, number, packet)
        assert reply[2] & 0x80, (SEED, number, packet)
        if len(reply) > 512:
            assert len(reply) <= advertised(packet), (SEED, number, packet)
        if number % 7 == 0:
            assert readable(reply), (SEED, number, packet)
    assert answered > PACKETS / 2
    assert "Traceback" not in caplog.text


def readable(reply: bytes) -> bool:
    try:
        dns.message.from_wire(reply)
    except dns.exception.DNSException:
        return False
    return True


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_the_plain_parser_never_reads_past_the_end(data):
    for packet in (data, b"\0\1\0\0\0\1\0\0\0\0\0\0" + data, b"\0\1\0\0\0\1\0\0\0\0\0\1" + data):
        found = dns_wire.plain(packet)
        if found is not None:
            question = packet[12 : found.end]
            assert dns_wire.wire_name(dns_wire.read_name(question)) == _lower(question[:-4])


def _lower(name: bytes) -> bytes:
    return name.lower()


label = st.binary(min_size=1, max_size=20)


@settings(max_examples=200, deadline=None)
@given(st.lists(label, min_size=1, max_size=6))
def test_names_survive_the_way_from_the_wire_and_back(labels):
    wire = b"".join(bytes((len(part),)) + part for part in labels) + b"\0"
    assert dns_wire.wire_name(dns_wire.read_name(wire)) == wire.lower()


def test_weighted_replies_stay_exact_although_they_are_precompiled():
    server = a_server()
    query = dns.message.make_query("www.example.test", "A").to_wire()
    drawn = [dns.message.from_wire(server.respond(query, "127.0.0.1")) for _ in range(4000)]
    twos = sum(m.answer[0][0].to_text() == "192.0.2.2" for m in drawn)
    sigma = (4000 * 2 / 3 / 3) ** 0.5
    assert abs(twos - 4000 * 2 / 3) < 5 * sigma
    assert not any(m.answer[0][0].to_text() == "192.0.2.0" for m in drawn)


def test_b36_of_more_than_eight_each_is_in_front_for_its_share():
    clients = Networks(default_networks(["us-east-1"])).clients
    answers = Answers(clients, no_externals, 10.0, random.Random(1))
    records = [
        {"Name": "www.example.test", "Type": "A", "TTL": 60, "SetIdentifier": str(n),
         "MultiValueAnswer": True, "ResourceRecords": [{"Value": f"192.0.2.{n}"}]}
        for n in range(12)
    ]  # fmt: skip
    zone = {"id": "Z1", "name": "example.test", "record_sets": records}
    list(answers.load({"zones": [zone]}))
    question = dns_wire.wire_name("www.example.test.") + b"\0\1\0\1"
    draws = 600
    first = Counter(answers.reply(clients[0], question)[0].answer[15] for _ in range(draws))
    sigma = (draws * 1 / 12 * 11 / 12) ** 0.5
    assert len(first) == 12
    assert all(abs(count - draws / 12) < 5 * sigma for count in first.values())


def test_compressed_names_are_read_back_by_another_codec():
    name_servers = ("ns-1.example.test.", "ns-2.example.test.")
    answer = Answer(
        "NOERROR",
        (
            Rrset("www.example.test.", "CNAME", 60, ("there.example.test.",)),
            Rrset("there.example.test.", "A", 60, ("192.0.2.1", "192.0.2.2")),
        ),
        (Rrset("example.test.", "NS", 600, name_servers),),
        tuple(Rrset(n, "A", 60, ("192.0.2.53",)) for n in name_servers),
    )
    reply = dns_wire.write_reply(answer, "www.example.test.", dns_wire.TtlOf(1))
    question = dns_wire.wire_name("www.example.test.") + b"\0\1\0\1"
    packet = dns_wire.pack(reply, b"\0\7", 0, question, 512)
    read = dns.message.from_wire(packet)
    assert [str(r.name) for r in read.answer] == ["www.example.test.", "there.example.test."]
    assert [str(r.name) for r in read.additional] == list(name_servers)
    assert read.authority[0].rdtype == dns.rdatatype.NS


REFERRAL = Answer(
    "NOERROR",
    authority=(Rrset("child.test.", "NS", 60, tuple(f"ns{n}.child.test." for n in range(9))),),
    additional=tuple(Rrset(f"ns{n}.child.test.", "A", 60, ("192.0.2.1",)) for n in range(9)),
    authoritative=False,
)
MAIL = Answer(
    "NOERROR",
    (Rrset("child.test.", "MX", 60, tuple(f"1 mx{n}.child.test." for n in range(9))),),
    REFERRAL.authority,
    REFERRAL.additional,
)


@pytest.mark.parametrize(
    ("answer", "limit", "sections", "cut_off"),
    [
        pytest.param(REFERRAL, 600, (0, 9, 9), False, id="whole"),
        pytest.param(REFERRAL, 400, (0, 9, 0), True, id="referral-without-glue"),
        pytest.param(REFERRAL, 200, (0, 0, 0), True, id="referral-without-anything"),
        pytest.param(MAIL, 900, (9, 9, 9), False, id="whole-answer"),
        pytest.param(MAIL, 650, (9, 9, 0), False, id="answer-without-additional"),
        pytest.param(MAIL, 400, (9, 0, 0), False, id="answer-alone"),
        pytest.param(MAIL, 200, (0, 0, 0), True, id="no-answer"),
    ],
)
def test_what_is_dropped_first_and_when_is_the_reply_marked_as_cut_off(
    answer, limit, sections, cut_off
):
    reply = dns_wire.write_reply(answer, "www.child.test.", dns_wire.TtlOf(1))
    question = dns_wire.wire_name("www.child.test.") + b"\0\1\0\1"
    packet = dns_wire.pack(reply, b"\0\7", 0, question, limit)
    read = dns.message.from_wire(packet)
    assert len(packet) <= limit
    assert (
        tuple(sum(map(len, s)) for s in (read.answer, read.authority, read.additional)) == sections
    )
    assert bool(read.flags & dns.flags.TC) == cut_off
