"""What a resolver gets from the lab's name server, asked by dnspython and by dig."""

import shutil
import socket
import struct
import subprocess
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from gameday import clock
from gameday.lab import dns as role

US, EU = "127.0.1.1", "127.0.2.1"


def regional(region: str, check: str | None = None, **members: Any) -> dict[str, Any]:
    """A latency alias record to the API's name in `region`, as routing.yaml deploys it."""
    record = {
        "Name": "api.example.test.", "Type": "A", "SetIdentifier": region, "Region": region,
        "AliasTarget": {
            "HostedZoneId": "ZREGION", "EvaluateTargetHealth": True,
            "DNSName": f"d-abc123.execute-api.{region}.amazonaws.com",
        },
    }  # fmt: skip
    return record | ({"HealthCheckId": check} if check else {}) | members


def a(name: str, *values: str, ttl: int = 60, **members: Any) -> dict[str, Any]:
    records = [{"Value": v} for v in values]
    return {"Name": name, "Type": "A", "TTL": ttl, "ResourceRecords": records} | members


def health(**checks: bool) -> dict[str, Any]:
    return {check: {"healthy": ok, "votes": 16, "of": 16} for check, ok in checks.items()}


@pytest.fixture
def two_regions(server: Any) -> Any:
    server.serve(regional("us-east-1", "hc-us"), regional("eu-west-1", "hc-eu"))
    return server


def test_each_network_gets_its_nearest_region(two_regions):
    assert two_regions.ask("api.example.test", near="us-east-1") == [US]
    assert two_regions.ask("api.example.test", near="eu-west-1") == [EU]


def test_loopback_sources_belong_to_the_first_network(two_regions):
    assert two_regions.ask("api.example.test") == [US]


def test_a_failed_check_moves_the_answer_and_recovery_moves_it_back(two_regions):
    two_regions.tell("health", checks=health(**{"hc-us": False}))
    assert two_regions.ask("api.example.test", near="us-east-1") == [EU]
    two_regions.tell("health", checks=health(**{"hc-us": True}))
    assert two_regions.ask("api.example.test", near="us-east-1") == [US]


def test_b3_with_every_check_failed_the_nearest_is_answered_again(two_regions):
    two_regions.tell("health", checks=health(**{"hc-us": False, "hc-eu": False}))
    assert two_regions.ask("api.example.test", near="eu-west-1") == [EU]


def test_d3_propagation_holds_a_verdict_back_for_its_aws_seconds(make_server):
    with make_server(propagation_s=3.0) as slow:
        slow.serve(regional("us-east-1", "hc-us"), regional("eu-west-1", "hc-eu"))
        slow.tell("health", checks=health(**{"hc-us": False}))
        assert slow.ask("api.example.test") == [US]
        deadline = clock.monotonic() + 5
        while slow.ask("api.example.test") != [EU]:
            assert clock.monotonic() < deadline
        slow.tell("propagation", propagation_s=0.0)
        slow.tell("health", checks=health(**{"hc-us": True}))
        assert slow.ask("api.example.test") == [US]


def test_a_change_of_answer_is_told_once_per_network(two_regions):
    two_regions.channel.sent.clear()
    two_regions.tell("health", checks=health(**{"hc-us": False}))
    two_regions.tell("health", checks=health(**{"hc-us": False}))
    (event,) = two_regions.channel.events("lab.answer_changed")
    assert event["network"] == "near-us-east-1"
    assert (event["was"], event["addresses"]) == ((US,), (EU,))
    assert event["regions"] == ["eu-west-1"]


def test_a_check_behind_an_alias_changes_the_name_in_front_too(server):
    group = {"SetIdentifier": "1", "Weight": 1, "HealthCheckId": "hc"}
    alias = {"HostedZoneId": "Z1", "DNSName": "group.example.test", "EvaluateTargetHealth": True}
    server.serve(
        {"Name": "www.example.test", "Type": "A", "SetIdentifier": "p", "Failover": "PRIMARY",
         "AliasTarget": alias},
        a("www.example.test", EU, SetIdentifier="s", Failover="SECONDARY"),
        a("group.example.test", US, **group),
        a("other.example.test", US, SetIdentifier="1", Weight=1, HealthCheckId="another"),
    )  # fmt: skip
    server.channel.sent.clear()
    server.tell("health", checks=health(hc=False))
    events = server.channel.events("lab.answer_changed")
    assert {(e["name"], e["addresses"]) for e in events} == {("www.example.test.", (EU,))}


def test_a_name_that_left_the_zone_is_told_as_a_change_to_nothing(two_regions):
    two_regions.channel.sent.clear()
    two_regions.serve()
    events = two_regions.channel.events("lab.answer_changed")
    assert {(e["was"], e["addresses"]) for e in events} == {((EU,), ()), ((US,), ())}


def test_b44_the_client_subnet_is_echoed_with_its_scope(two_regions):
    (option,) = two_regions.query("api.example.test", near="eu-west-1").options
    assert (option.address, option.srclen, option.scopelen) == ("203.0.113.0", 24, 24)


def test_b44_an_answer_that_is_the_same_everywhere_has_scope_0(server):
    server.serve(a("one.example.test", "192.0.2.1"))
    (option,) = server.query("one.example.test", near="eu-west-1").options
    assert (option.srclen, option.scopelen) == (24, 0)


@pytest.mark.parametrize(("ttl", "served"), [(60, 6), (300, 30), (5, 1), (0, 0), (172800, 17280)])
def test_ttls_are_divided_by_the_speed_but_never_below_a_second(server, ttl, served):
    server.serve(a("one.example.test", "192.0.2.1", ttl=ttl))
    assert server.query("one.example.test").answer[0].ttl == served


def test_b46_an_api_gateway_alias_has_a_ttl_of_60_s(two_regions):
    assert two_regions.query("api.example.test").answer[0].ttl == 6


def test_execute_api_names_resolve_to_their_region(server):
    assert server.ask("abc.execute-api.eu-west-1.amazonaws.com") == [EU]
    reply = server.query("abc.execute-api.ap-south-1.amazonaws.com")
    assert reply.rcode() == dns.rcode.REFUSED


def test_a_name_in_no_zone_is_refused(server):
    assert server.query("www.example.org").rcode() == dns.rcode.REFUSED


def test_b55_nxdomain_and_nodata_carry_the_soa(server):
    server.serve(a("www.example.test", "192.0.2.1"))
    missing, empty = server.query("no.example.test"), server.query("www.example.test", "MX")
    assert (missing.rcode(), empty.rcode()) == (dns.rcode.NXDOMAIN, dns.rcode.NOERROR)
    for reply in (missing, empty):
        assert not reply.answer
        assert reply.authority[0].rdtype == dns.rdatatype.SOA
        assert reply.authority[0].ttl == 90  # 900 s at speed 10


def test_letters_keep_the_case_of_the_question(server):
    server.serve(a("www.example.test", "192.0.2.1"))
    reply = server.query("WwW.eXample.TEST")
    assert reply.question[0].name.to_text() == "WwW.eXample.TEST."
    assert reply.answer[0][0].to_text() == "192.0.2.1"


def test_b51_512_bytes_without_edns_then_truncated_and_whole_over_tcp(server):
    values = [f"192.0.2.{n}" for n in range(1, 61)]
    server.serve(a("many.example.test", *values))
    cut = server.query("many.example.test")
    assert cut.flags & dns.flags.TC
    assert not cut.answer
    assert len(server.ask("many.example.test", tcp=True)) == 60
    assert len(server.ask("many.example.test", use_edns=0, payload=4096)) == 60


def test_no_reply_is_larger_than_the_client_said(server):
    server.serve(a("many.example.test", *(f"192.0.2.{n}" for n in range(1, 61))))
    for payload in (0, 512, 700, 1232, 4096, 65535):
        query = dns.message.make_query("many.example.test", "A", use_edns=0, payload=payload)
        assert len(server.send(query.to_wire())) <= min(max(payload, 512), 4096)


def test_several_addresses_take_turns_in_front(server):
    server.serve(a("www.example.test", "192.0.2.1", "192.0.2.2"))
    first = {server.ask("www.example.test")[0] for _ in range(64)}
    assert first == {"192.0.2.1", "192.0.2.2"}


def test_values_of_other_types_arrive_as_they_were_written(server):
    server.serve(
        {"Name": "example.test", "Type": "MX", "TTL": 60,
         "ResourceRecords": [{"Value": "10 mail.example.test"}]},
        a("mail.example.test", "192.0.2.9"),
        {"Name": "txt.example.test", "Type": "TXT", "TTL": 60,
         "ResourceRecords": [{"Value": r'"caf\303\251" "two"'}, {"Value": r'"\\303\""'}]},
        a("at!.example.test", "192.0.2.8"),
        {"Name": "_sip.example.test", "Type": "SRV", "TTL": 60,
         "ResourceRecords": [{"Value": "1 2 5060 mail.example.test."}]},
    )  # fmt: skip
    reply = server.query("example.test", "MX")
    assert reply.answer[0][0].to_text() == "10 mail.example.test."
    assert reply.additional[0][0].to_text() == "192.0.2.9"
    texts = {text.strings for text in server.query("txt.example.test", "TXT").answer[0]}
    assert texts == {(b"caf\xc3\xa9", b"two"), (rb'\303"',)}
    assert server.ask("at!.example.test") == ["192.0.2.8"]
    assert server.ask("_sip.example.test", "SRV") == ["1 2 5060 mail.example.test."]


@pytest.mark.parametrize(
    ("change", "rcode"),
    [
        pytest.param({"rtype": "AXFR"}, dns.rcode.REFUSED, id="B62-axfr"),
        pytest.param({"rtype": "IXFR"}, dns.rcode.REFUSED, id="B62-ixfr"),
        pytest.param({"rdclass": "CH"}, dns.rcode.REFUSED, id="class-chaos"),
    ],
)
def test_what_is_not_served_is_refused(server, change, rcode):
    server.serve(a("www.example.test", "192.0.2.1"))
    query = dns.message.make_query("www.example.test", **({"rdtype": "A"} | {
        "rdtype" if k == "rtype" else k: v for k, v in change.items()}))  # fmt: skip
    assert dns.message.from_wire(server.send(query.to_wire()[:12] + _question(query))).rcode() \
        == rcode  # fmt: skip


def _question(query: dns.message.Message) -> bytes:
    asked = query.question[0]
    return asked.name.to_wire() + struct.pack("!HH", asked.rdtype, asked.rdclass)


def header(flags: int = 0, questions: int = 1) -> bytes:
    return b"\x12\x34" + struct.pack("!5H", flags, questions, 0, 0, 0)


ASKED = b"\3www\7example\4test\0\0\1\0\1"


@pytest.mark.parametrize(
    ("packet", "rcode"),
    [
        pytest.param(header(dns.opcode.NOTIFY << 11) + ASKED, 4, id="opcode-notify"),
        pytest.param(header(dns.opcode.UPDATE << 11) + ASKED, 4, id="B62-dynamic-update"),
        pytest.param(header(questions=0), 1, id="no-question"),
        pytest.param(header(questions=2) + ASKED + ASKED, 1, id="two-questions"),
        pytest.param(header() + ASKED[:-3], 1, id="cut-short"),
        pytest.param(header() + b"\xc0\x0c\0\1\0\1", 1, id="compression-loop"),
        pytest.param(header() + b"\x3f" + b"a" * 20, 1, id="label-past-the-end"),
        pytest.param(header() + ASKED + b"junk", 1, id="trailing-junk"),
        pytest.param(header(0x8000) + ASKED, None, id="a-response"),
        pytest.param(b"\x12\x34\0", None, id="no-header"),
    ],
)
def test_malformed_packets_get_the_right_rcode_or_nothing(server, packet, rcode):
    server.serve(a("www.example.test", "192.0.2.1"))
    reply = server.send(packet)
    assert (None if reply is None else reply[3] & 15) == rcode
    assert reply is None or len(reply) <= max(len(packet), 12)
    assert server.ask("www.example.test") == ["192.0.2.1"]


def test_an_unknown_edns_version_is_badvers(server):
    reply = server.query("www.example.test", use_edns=1)
    assert reply.rcode() == dns.rcode.BADVERS


def test_b60_any_is_answered_small(server):
    server.serve(a("www.example.test", "192.0.2.1", "192.0.2.2"))
    reply = server.query("www.example.test", "ANY")
    assert reply.rcode() == dns.rcode.NOERROR
    assert [r.rdtype for r in reply.answer] == [dns.rdatatype.HINFO]


@pytest.mark.skipif(not shutil.which("dig"), reason="dig is not installed")
def test_dig_sees_what_a_client_would(two_regions):
    dig = ["dig", "@127.0.0.1", "-p", str(two_regions.port), "+noall", "+answer", "+tries=1"]
    options = ["api.example.test", "+subnet=203.0.113.0/24"]
    for transport in ("+notcp", "+tcp"):
        out = subprocess.run([*dig, transport, *options], capture_output=True, text=True, timeout=9)
        assert out.stdout.split() == ["api.example.test.", "6", "IN", "A", EU]


def test_a_bad_snapshot_leaves_the_old_answers(server):
    server.serve(a("www.example.test", "192.0.2.1"))
    with pytest.raises(Exception, match="needs a SetIdentifier"):
        server.serve(a("www.example.test", "192.0.2.2", Weight=1))
    assert server.ask("www.example.test") == ["192.0.2.1"]


def test_the_report_names_zones_and_queries(server):
    server.serve(a("www.example.test", "192.0.2.1"))
    server.ask("www.example.test")
    server.tell("report", ask=7)
    answer = server.channel.sent[-1]
    assert (answer["kind"], answer["ask"]) == ("answer", 7)
    assert answer["status"]["zones"] == ["example.test."]
    assert answer["status"]["queries"] == 1


def test_a_ttl_that_must_be_rounded_is_logged_once(server, caplog):
    for _ in range(2):
        server.serve(a("odd.example.test", "192.0.2.1", ttl=5), a("even.example.test", "192.0.2.1"))
    assert [r.getMessage() for r in caplog.records] == [
        "odd.example.test. A: TTL 5 s is served as 1 s of wall time at speed 10"
    ]


def test_is_a_packet_that_was_seen_before_answered_with_its_own_id_and_letters(two_regions):
    for name in ("api.example.test", "API.example.test", "api.example.test"):
        for number in (7, 8):
            reply = two_regions.query(name, id=number, near="us-east-1")
            assert (reply.id, str(reply.question[0].name)) == (number, f"{name}.")
        assert two_regions.ask(name) == [US]
    two_regions.tell("health", checks=health(**{"hc-us": False}))
    assert two_regions.ask("api.example.test") == [EU]


def test_is_a_reply_that_was_cut_off_over_udp_whole_over_tcp(server):
    server.serve(a("big.example.test.", *(f"192.0.2.{n}" for n in range(1, 61))))
    for _ in range(2):
        assert server.query("big.example.test").flags & dns.flags.TC
        assert len(server.ask("big.example.test", tcp=True)) == 60


def test_is_a_tcp_client_that_never_reads_its_replies_let_go(server, monkeypatch):
    monkeypatch.setattr(role, "TCP_IDLE_S", 0.1)
    server.serve(a("many.example.test", *(f"10.0.{n // 250}.{n % 250}" for n in range(3000))))
    query = dns.message.make_query("many.example.test", "A").to_wire()
    framed = (len(query).to_bytes(2, "big") + query) * 400
    reset = pytest.raises(ConnectionError)  # the server's end is gone
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as deaf, reset:
        deaf.sendall(framed * 1000)
