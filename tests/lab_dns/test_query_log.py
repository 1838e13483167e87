"""Queries in Route 53's log format (B61)."""

import re

import dns.message

LINE = re.compile(
    r"1\.0 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z "
    r"Z1 (\S+) (\S+) (\S+) (UDP|TCP) [A-Z]{3}\d+ 127\.0\.0\.1 (\S+)"
)
WWW = {
    "Name": "www.example.test.", "Type": "A", "TTL": 60,
    "ResourceRecords": [{"Value": "192.0.2.1"}],
}  # fmt: skip


def test_is_every_query_for_a_zone_a_line_and_no_other(make_server, tmp_path):
    with make_server(dir=str(tmp_path), query_log=True) as server:
        server.serve(WWW)
        server.query("WWW.example.test")
        server.query("www.example.test", "AAAA", near="eu-west-1")
        server.query("no.example.test", "TXT", tcp=True)
        server.query("www.example.org")  # no zone of ours: Route 53 logs nothing
        server.send(b"\0\1\0\0\0\1\0\0\0\0\0\0\xff")  # not a question
        server.query("www.example.test", "ANY")
    lines = (tmp_path / "queries.log").read_text().splitlines()
    found = [LINE.fullmatch(line) for line in lines]
    assert all(found), lines
    assert [m.groups() for m in found] == [
        ("www.example.test", "A", "NOERROR", "UDP", "-"),
        ("www.example.test", "AAAA", "NOERROR", "UDP", "203.0.113.0/24"),
        ("no.example.test", "TXT", "NXDOMAIN", "TCP", "-"),
        ("www.example.test", "ANY", "NOERROR", "UDP", "-"),
    ]


def test_is_nothing_logged_unless_asked_for(make_server, tmp_path):
    with make_server(dir=str(tmp_path)) as server:
        server.serve(WWW)
        assert isinstance(server.query("www.example.test"), dns.message.Message)
    assert not (tmp_path / "queries.log").exists()
