"""Change batches that Route 53 refuses, with its error code and words; and those it takes."""

from typing import Any

import pytest

from gameday.route53.validate import refusal

ZONE, ZONE_ID = "example.test.", "Z1"


def record(name: str = "www.example.test", rtype: str = "A", *values: str, **more: Any) -> Any:
    base: dict[str, Any] = {"Name": name, "Type": rtype}
    if "AliasTarget" not in more:
        default = {"A": "192.0.2.1", "CNAME": "there.example.test", "TXT": '"t"', "NS": "ns.x.test"}
        chosen = values or (default.get(rtype, "x"),)
        base |= {"TTL": 60, "ResourceRecords": [{"Value": v} for v in chosen]}
    return base | more


def alias(target: str, zone: str = ZONE_ID, health: bool = False) -> dict[str, Any]:
    return {"HostedZoneId": zone, "DNSName": target, "EvaluateTargetHealth": health}


def change(action: str, *args: str, **more: Any) -> dict[str, Any]:
    return {"Action": action, "ResourceRecordSet": record(*args, **more)}


SOA = record("example.test", "SOA", "ns.x.test. host.x.test. 1 7200 900 1209600 86400")
NS = record("example.test", "NS", "ns.x.test.")
SOA_VALUE = ("ns.x.test. host.x.test. 1 7200 900 1209600 86400",)
WEIGHTED = record(SetIdentifier="one", Weight=1)
CURRENT = [SOA, NS, record(), record("old.example.test", "CNAME", "there.example.test")]


def refused(*changes: dict[str, Any], current: Any = None, **options: Any) -> tuple[str, str]:
    found = refusal(ZONE_ID, ZONE, CURRENT if current is None else current, changes, **options)
    return (found.code, found.message) if found else ("", "")


BATCH, INPUT = "InvalidChangeBatch", "InvalidInput"


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        pytest.param(
            [change("CREATE")], BATCH,
            "[Tried to create resource record set [name='www.example.test.', type='A'] but it "
            "already exists]", id="B68-create-existing",
        ),
        pytest.param(
            [change("DELETE", "no.example.test")], BATCH, "but it was not found",
            id="B68-delete-missing",
        ),
        pytest.param(
            [change("DELETE", "www.example.test", "A", "192.0.2.2")], BATCH,
            "values provided do not match the current values", id="B68-delete-other-values",
        ),
        pytest.param(
            [change("DELETE", TTL=61)], BATCH, "do not match", id="B68-delete-other-ttl",
        ),
        pytest.param(
            [change("CREATE", "www.example.org")], BATCH,
            "RRSet with DNS name www.example.org. is not permitted in zone example.test.",
            id="not-in-zone",
        ),
        pytest.param(
            [change("CREATE", "example.test", "CNAME")], BATCH,
            "is not permitted at apex in zone example.test.", id="B59-cname-at-apex",
        ),
        pytest.param(
            [change("CREATE", "www.example.test", "CNAME")], BATCH,
            "is not permitted as it conflicts with other records with the same DNS name",
            id="B59-cname-beside-a",
        ),
        pytest.param(
            [change("CREATE", "old.example.test")], BATCH,
            "a conflicting RRSet of type CNAME with the same DNS name already exists",
            id="B59-a-beside-cname",
        ),
        pytest.param(
            [change("CREATE", SetIdentifier="one", Weight=1)], BATCH,
            "cannot be created as other RRSets exist with the same name and type",
            id="B9-weighted-beside-simple",
        ),
        pytest.param(
            [change("CREATE", SetIdentifier="one", MultiValueAnswer=True)], BATCH,
            "cannot be created because a non multivalue answer rrset exists",
            id="B9-multivalue-beside-simple",
        ),
        pytest.param(
            [change("CREATE", "w.example.test", SetIdentifier="a", Weight=0),
             change("CREATE", "w.example.test", SetIdentifier="b", Region="eu-west-1")], BATCH,
            "cannot be created as other RRSets exist", id="B9-two-policies",
        ),
        pytest.param(
            [change("CREATE", "l.example.test", SetIdentifier=i, Region="eu-west-1")
             for i in "ab"], BATCH, "same name, type and Region", id="B23-one-per-region",
        ),
        pytest.param(
            [change("CREATE", "f.example.test", SetIdentifier=i, Failover="PRIMARY")
             for i in "ab"], BATCH, "same name, type and Failover", id="B20-one-primary",
        ),
        pytest.param(
            [change("CREATE", "g.example.test", SetIdentifier=i, GeoLocation={"CountryCode": "*"})
             for i in "ab"], BATCH, "same name, type and GeoLocation", id="B32-one-per-location",
        ),
        pytest.param(
            [change("CREATE", "w.example.test", SetIdentifier=str(i), Weight=1)
             for i in range(101)], BATCH, "at most 100 with Weight", id="B12-100-records",
        ),
        pytest.param(
            [change("CREATE", "a.example.test", AliasTarget=alias("no.example.test"))], BATCH,
            "Tried to create an alias that targets no.example.test., type A in zone Z1, but that "
            "target was not found", id="B47-alias-to-nothing",
        ),
        pytest.param(
            [change("CREATE", "a.example.test", "AAAA", AliasTarget=alias("www.example.test"))],
            BATCH, "that target was not found", id="B47-alias-of-another-type",
        ),
        pytest.param(
            [change("CREATE", "a.example.test", AliasTarget=alias("www.example.org"))], BATCH,
            "the alias target name does not lie within the target zone", id="B47-alias-outside",
        ),
        pytest.param(
            [change("CREATE", "a.example.test",
                    AliasTarget=alias("d1.cloudfront.net", "Z2FDTNDATAQYW2", True))], BATCH,
            "EvaluateTargetHealth", id="B48-cloudfront",
        ),
        pytest.param(
            [{"Action": "DELETE", "ResourceRecordSet": NS}], BATCH,
            "at least one NS record", id="apex-ns",
        ),
        pytest.param(
            [{"Action": "DELETE", "ResourceRecordSet": SOA}], BATCH,
            "exactly one SOA record", id="apex-soa",
        ),
        pytest.param(
            [change("CREATE", "bad.example.test", "A", "1.2.3")], BATCH,
            "Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a "
            "valid IPv4 address) encountered with '1.2.3''", id="value-a",
        ),
        pytest.param(
            [change("CREATE", "bad.example.test", "TXT", "plain")], BATCH,
            "InvalidCharacterString (Value should be enclosed in quotation marks)", id="value-txt",
        ),
        pytest.param(
            [change("CREATE", "bad.example.test", "TXT", '"' + "x" * 256 + '"')], BATCH,
            "CharacterStringTooLong", id="value-txt-long",
        ),
        pytest.param(
            [change("CREATE", "bad.example.test", "MX", "mail")], BATCH, "MXRRDATAIllegal",
            id="value-mx",
        ),
        pytest.param(
            [change("CREATE", "a..example.test")], BATCH, "DomainLabelEmpty", id="name-empty-label",
        ),
        pytest.param(
            [change("CREATE", "x" * 64 + ".example.test")], BATCH, "DomainLabelTooLong",
            id="name-long-label",
        ),
        pytest.param(
            [change("UPSERT"), change("UPSERT")], BATCH,
            "invalid set of changes for a resource record set 'UPSERT A www.example.test.'",
            id="twice-in-a-batch",
        ),
        pytest.param(
            [change("CREATE", f"n{i}.example.test") for i in range(1001)], BATCH,
            "Number of records limit of 1000 exceeded.", id="B69-1000-records",
        ),
        pytest.param(
            [change("UPSERT", f"n{i}.example.test") for i in range(501)], BATCH,
            "Number of records limit of 1000 exceeded.", id="B69-upsert-counts-twice",
        ),
        pytest.param(
            [change("CREATE", f"n{i}.example.test", "TXT", *(f'"{j:03}{"x" * 200}"'
             for j in range(10))) for i in range(16)], BATCH,
            "Number of characters limit of 32000 exceeded.", id="B69-32000-characters",
        ),
        pytest.param(
            [change("CREATE", "m.example.test", SetIdentifier="a", Weight=256)], INPUT,
            "Member must have value less than or equal to 255", id="B12-weight-256",
        ),
        pytest.param(
            [change("CREATE", "m.example.test", Weight=1)], INPUT, "Missing field 'SetIdentifier'",
            id="B9-no-identifier",
        ),
        pytest.param(
            [change("CREATE", "m.example.test", SetIdentifier="x" * 129, Weight=1)], INPUT,
            "length less than or equal to 128", id="B9-long-identifier",
        ),
        pytest.param(
            [change("CREATE", "m.example.test", SetIdentifier="a", Weight=1, Region="eu-west-1")],
            INPUT, "found more than one in Change with [Action=CREATE, Name=m.example.test, "
            "Type=A, SetIdentifier=a]", id="B9-two-policies-in-one",
        ),
        pytest.param(
            [{"Action": "CREATE", "ResourceRecordSet": {"Name": "m.example.test", "Type": "A"}}],
            INPUT, "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or "
            "TrafficPolicyInstanceId], but found none", id="neither-alias-nor-values",
        ),
        pytest.param(
            [change("CREATE", "m.example.test", AliasTarget=alias("www.example.test"), TTL=60)],
            INPUT, "found more than one", id="B46-no-ttl-on-an-alias",
        ),
        pytest.param(
            [change("CREATE", "m.example.test", "WKS")], INPUT, "enum value set", id="type",
        ),
        pytest.param(
            [change("REPLACE", "m.example.test")], INPUT, "enum value set", id="action",
        ),
        pytest.param(
            [change("CREATE", "g.example.test", SetIdentifier="a",
                    GeoLocation={"CountryCode": "DE", "SubdivisionCode": "BY"})], INPUT,
            "SubdivisionCode is supported for CountryCode US only", id="B31-subdivision",
        ),
        pytest.param(
            [change("CREATE", "g.example.test", SetIdentifier="a",
                    GeoLocation={"CountryCode": "DE", "ContinentCode": "EU"})], INPUT,
            "exactly one of ContinentCode and CountryCode", id="B31-both",
        ),
        pytest.param(
            [change("CREATE", "g.example.test", SetIdentifier="a",
                    GeoLocation={"ContinentCode": "XX"})], INPUT, "ContinentCode XX", id="B31-code",
        ),
        pytest.param(
            [change("CREATE", "g.example.test", SetIdentifier="a",
                    GeoLocation={"CountryCode": "XX"})], INPUT, "CountryCode XX", id="B31-country",
        ),
        pytest.param(
            [change("CREATE", "g.example.test", SetIdentifier="a", Region="mars-1")], INPUT,
            "'mars-1'", id="B23-region",
        ),
        pytest.param(
            [change("CREATE", "p.example.test", SetIdentifier="a",
                    GeoProximityLocation={"AWSRegion": "eu-west-1", "Bias": 100})], INPUT,
            "less than or equal to 99", id="B33-bias",
        ),
        pytest.param(
            [change("CREATE", "p.example.test", SetIdentifier="a",
                    GeoProximityLocation={"Coordinates": {"Latitude": "1.234", "Longitude": "2"}})],
            INPUT, "at most two decimals", id="B34-decimals",
        ),
        pytest.param(
            [change("CREATE", "m.example.test", "A", "192.0.2.1", "192.0.2.2", SetIdentifier="a",
                    MultiValueAnswer=True)], INPUT, "holds one resource record", id="B37-values",
        ),
        pytest.param(
            [change("CREATE", "m.example.test", SetIdentifier="a", MultiValueAnswer=True,
                    AliasTarget=alias("www.example.test"))], INPUT, "not supported for alias",
            id="B37-alias",
        ),
        pytest.param(
            [change("CREATE", "c.example.test", SetIdentifier="a",
                    CidrRoutingConfig={"CollectionId": "c1", "LocationName": "no spaces"})], INPUT,
            "regular expression", id="B40-location-name",
        ),
        pytest.param(
            [change("CREATE", "c.example.test", SetIdentifier=c,
                    CidrRoutingConfig={"CollectionId": c, "LocationName": c}) for c in "ab"],
            BATCH, "same CIDR collection", id="B40-one-collection",
        ),
        pytest.param([], INPUT, "no change", id="empty"),
    ],
)  # fmt: skip
def test_what_route_53_refuses(changes, code, words):
    found = refused(*changes)
    assert found[0] == code
    assert words in found[1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([change("CREATE", "in.example.test", "NS", AliasTarget=alias("example.test"))],
         "alias of type NS"),
        ([change("CREATE", "in.example.test", "SOA", *SOA_VALUE)], "exactly one SOA"),
    ],
    ids=["B45-alias-of-servers", "B54-second-soa"],
)  # fmt: skip
def test_what_belongs_to_the_zone_alone(changes: Any, words: str) -> None:
    code, message = refused(*changes)
    assert code == BATCH
    assert words in message


def test_can_a_record_be_deleted_after_its_health_check() -> None:
    gone = record(HealthCheckId="gone")
    delete = {"Action": "DELETE", "ResourceRecordSet": gone}
    assert refused(delete, current=[SOA, NS, gone], health_checks=[]) == ("", "")


def test_b69_a_batch_that_is_too_large_is_refused_for_that_alone() -> None:
    batch = [change("CREATE", "www.example.test") for _ in range(10_000)]
    limits = "[Number of records limit of 1000 exceeded., Number of characters limit of 32000 "
    assert refused(*batch) == (BATCH, limits + "exceeded.]")


def test_an_unknown_health_check_is_a_404():
    new = change("CREATE", "h.example.test", HealthCheckId="gone")
    found = refusal(ZONE_ID, ZONE, CURRENT, [new], health_checks={"there"})
    assert found is not None
    assert (found.code, found.status) == ("NoSuchHealthCheck", 404)
    assert refused(new, health_checks={"gone"}) == ("", "")


def test_b67_every_bad_change_has_its_message():
    _, message = refused(change("CREATE"), change("DELETE", "no.example.test"))
    assert message.count("Tried to") == 2


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param([change("UPSERT", TTL=30)], id="B68-upsert"),
        pytest.param([change("DELETE")], id="delete"),
        pytest.param([change("DELETE", "WWW.example.test.")], id="B58-case-and-dot"),
        pytest.param(
            [change("DELETE"), change("CREATE", "www.example.test", "CNAME")],
            id="B68-another-type",
        ),
        pytest.param(
            [change("CREATE", "w.example.test", SetIdentifier="a", Weight=0),
             change("CREATE", "w.example.test", SetIdentifier="b", Weight=255)], id="B12-weights",
        ),
        pytest.param(
            [change("CREATE", "a.example.test", AliasTarget=alias("b.example.test")),
             change("CREATE", "b.example.test")], id="B47-target-in-the-same-batch",
        ),
        pytest.param(
            [change("CREATE", "example.test", AliasTarget=alias("www.example.test", "/hz/Z1"))],
            id="B45-alias-at-apex",
        ),
        pytest.param(
            [change("CREATE", "api.example.test", SetIdentifier="eu", Region="eu-west-1",
                    AliasTarget=alias("d-1.execute-api.eu-west-1.amazonaws.com", "ZAPI", True))],
            id="B49-api-gateway",
        ),
        pytest.param([change("CREATE", "*.example.test")], id="B56-wildcard"),
        pytest.param([change("CREATE", r"\052.example.test")], id="B56-escaped-wildcard"),
        pytest.param([change("CREATE", "child.example.test", "NS")], id="B59-delegation"),
        pytest.param([change("CREATE", "t.example.test", "TXT", r'"a\"b" "\303\251"')], id="txt"),
    ],
)  # fmt: skip
def test_what_route_53_takes(changes):
    assert refused(*changes) == ("", "")


def test_the_zone_is_not_touched_by_trying():
    current = [dict(r) for r in CURRENT]
    refused(change("DELETE"), change("CREATE", "x.example.test"), current=current)
    assert current == CURRENT
