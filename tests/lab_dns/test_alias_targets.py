"""What aliases point at outside the zone: AWS's regional names and an operator's stand-ins."""

import pytest

from gameday.errors import UsageError
from gameday.lab.alias_targets import AliasTargets, parse_resource

CDN = "d111.cloudfront.net."
LAB = AliasTargets({"us-east-1": "127.0.1.1"})


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("d-1.execute-api.us-east-1.amazonaws.com.", ("127.0.1.1",)),
        ("dualstack.lb-1.us-east-1.elb.amazonaws.com.", ("127.0.1.1",)),
        ("nlb-1.elb.us-east-1.amazonaws.com.", ("127.0.1.1",)),
        ("d-1.execute-api.eu-west-1.amazonaws.com.", None),  # not a Region of this lab
        ("us-east-1.amazonaws.com.", None),
        ("d-1.execute-api.us-east-1.example.test.", None),
        (CDN, None),
    ],
)
def test_where_is_a_name_of_aws(name, addresses):
    found = LAB(name)
    assert (found.addresses["A"] if found else None) == addresses


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"a": ["192.0.2.1"]}, "unknown member a"),
        ({"A": "192.0.2.1"}, "A is a list of IPv4 addresses"),
        ({"A": ["2001:db8::1"]}, "A is a list of IPv4 addresses"),
        ({"AAAA": ["192.0.2.1"]}, "AAAA is a list of IPv6 addresses"),
        ({"ttl": -1}, "ttl is a number"),
        ({"ttl": True}, "ttl is a number"),
        ({"healthy": "no"}, "healthy is true or false"),
    ],
)
def test_what_is_wrong_with_a_stand_in(body, what):
    with pytest.raises(UsageError, match=what):
        parse_resource(CDN, body)


def alias(target: str, **members):
    record = {
        "Name": "www.example.test.", "Type": "A",
        "AliasTarget": {
            "HostedZoneId": "Z2", "DNSName": target, "EvaluateTargetHealth": True
        },
    }  # fmt: skip
    return record | members


def stand_in(server, **body):
    name, full = parse_resource("D111.cloudfront.NET", body)
    server.tell("resources", resources={name: full})


def test_does_a_stand_in_answer_with_its_addresses_and_ttl(server):
    server.serve(alias(CDN))
    assert server.ask("www.example.test") == []
    stand_in(server, A=["192.0.2.9"], ttl=120)
    reply = server.query("www.example.test")
    assert [r.to_text() for r in reply.answer[0]] == ["192.0.2.9"]
    assert reply.answer[0].ttl == 12  # at speed 10


def test_is_an_unhealthy_stand_in_passed_over_and_its_return_seen(server):
    plain = {"TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    server.serve(
        alias(CDN, SetIdentifier="first", Failover="PRIMARY"),
        {"Name": "www.example.test.", "Type": "A", "SetIdentifier": "second",
         "Failover": "SECONDARY"} | plain,
    )  # fmt: skip
    stand_in(server, A=["192.0.2.9"])
    assert server.ask("www.example.test") == ["192.0.2.9"]
    stand_in(server, A=["192.0.2.9"], healthy=False)
    assert server.ask("www.example.test") == ["192.0.2.1"]
    stand_in(server, A=["192.0.2.9"])
    assert server.ask("www.example.test") == ["192.0.2.9"]
    told = server.channel.events("lab.answer_changed")
    near = [list(e["addresses"]) for e in told if e["network"] == "near-us-east-1"]
    assert near[-3:] == [["192.0.2.9"], ["192.0.2.1"], ["192.0.2.9"]]


def test_does_a_stand_in_beat_what_the_lab_knows_of_a_region(server):
    name = "d-1.execute-api.us-east-1.amazonaws.com."
    server.serve(alias(name))
    assert server.ask("www.example.test") == ["127.0.1.1"]
    known, body = parse_resource(name, {"A": ["192.0.2.7"]})
    server.tell("resources", resources={known: body})
    assert server.ask("www.example.test") == ["192.0.2.7"]
    server.tell("resources", resources={})
    assert server.ask("www.example.test") == ["127.0.1.1"]
