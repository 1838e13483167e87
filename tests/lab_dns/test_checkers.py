"""The checkers against a live endpoint: what makes a probe fail, and what a failing check does."""

import asyncio
import contextlib
import gzip
import random
import ssl
import zlib
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from typing import Any

import pytest
import trustme

from gameday import clock
from gameday.clock import Clock
from gameday.lab import checkers
from gameday.lab.check_board import Checker
from gameday.lab.probe import Observation, probe, tls_context
from gameday.route53.check import HealthCheck, parse_check

FAST = Clock(10.0)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


class Endpoint:
    """Answers every request with `reply`; remembers what it was asked."""

    def __init__(self) -> None:
        self.reply: bytes | None = OK
        self.requests: list[bytes] = []
        self.connections = 0
        self.port = 0
        self.open: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            if self.reply is None:
                await reader.read()
            else:
                writer.write(self.reply)
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await writer.wait_closed()
        self.open.discard(writer)


@contextlib.asynccontextmanager
async def endpoint(tls: ssl.SSLContext | None = None) -> AsyncIterator[Endpoint]:
    live = Endpoint()
    server = await asyncio.start_server(live.serve, "127.0.0.1", 0, ssl=tls)
    live.port = server.sockets[0].getsockname()[1]
    try:
        yield live
    finally:
        server.close()
        await asyncio.sleep(0.02)  # connections on their way are accepted first
        for writer in live.open:
            writer.transport.abort()
        await until(lambda: not live.open)


def check(kind: str = "HTTP", **config: Any) -> HealthCheck:
    base = {"Type": kind, "FullyQualifiedDomainName": "us.example.test", "Port": 80}
    return parse_check({"Id": "hc", "HealthCheckConfig": base | config})


def probed(reply: bytes | None, kind: str = "HTTP", **config: Any) -> tuple[Observation, Endpoint]:
    async def run() -> tuple[Observation, Endpoint]:
        async with endpoint() as live:
            live.reply = reply
            found = await probe(
                check(kind, **config), ("127.0.0.1", live.port), tls_context(), FAST
            )
            return found, live

    return asyncio.run(run())


def response(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    lines = "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in headers.items())
    length = "" if "Transfer_Encoding" in headers else f"Content-Length: {len(body)}\r\n"
    return f"HTTP/1.1 {status}\r\n{lines}{length}\r\n".encode() + body


@pytest.mark.parametrize(
    ("reply", "ok"),
    [
        pytest.param(response(), True, id="A23-200"),
        pytest.param(response(status="301 Moved", Location="/x"), True, id="A27-redirect"),
        pytest.param(response(status="399 Odd"), True, id="A23-399"),
        pytest.param(response(status="404 Not Found"), False, id="A23-404"),
        pytest.param(UNAVAILABLE, False, id="A23-503"),
        pytest.param(None, False, id="A23-no-response"),
        pytest.param(b"", False, id="closed"),
        pytest.param(b"SSH-2.0-x\r\n\r\n", False, id="not-http"),
        pytest.param(response(X_Big="x" * 16_000), True, id="A29-under-16384"),
        pytest.param(response(X_Big="x" * 16_400), False, id="A29-over-16384"),
        pytest.param(b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", False, id="A29-rfc7230"),
        pytest.param(b"HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n", False, id="A29-name"),
        pytest.param(b"HTTP/1.1 2000 OK\r\n\r\n", False, id="A23-no-status"),
        pytest.param(b"HTTP/1.1 204\r\n\r\n", True, id="A23-no-reason"),
    ],
)
def test_what_passes_a_probe(reply, ok):
    found, _ = probed(reply)
    assert found.ok is ok
    assert found.status.startswith("Success: " if ok else "Failure: ")


def test_a41_the_status_names_the_code():
    assert "503" in probed(UNAVAILABLE)[0].status


def test_a27_a_redirect_is_not_followed():
    _, live = probed(response(status="302 Found", Location="/elsewhere"))
    assert live.connections == 1


DEFLATED = zlib.compress(b"all is well")
GZIPPED = gzip.compress(b"all is well")
NOISE = random.Random(1).randbytes(5116)  # compressed it is longer than it was
LONG = b"." * 5116 + b"well" + b"." * (2 << 20)


@pytest.mark.parametrize(
    ("reply", "ok"),
    [
        pytest.param(response(b"all is well"), True, id="A25-found"),
        pytest.param(response(b"all is lost"), False, id="A25-absent"),
        pytest.param(response(b"ALL IS WELL"), False, id="A25-case-sensitive"),
        pytest.param(response(b"." * 5116 + b"well"), True, id="A25-in-the-first-5120"),
        pytest.param(response(b"." * 5117 + b"well"), False, id="A25-partly-behind-5120"),
        pytest.param(response(GZIPPED, Content_Encoding="gzip"), True, id="A26-gzip"),
        pytest.param(response(DEFLATED, Content_Encoding="deflate"), True, id="A26-deflate"),
        pytest.param(response(b"well", Content_Encoding="br"), False, id="A26-other"),
        pytest.param(response(b"well", Content_Encoding="gzip"), False, id="A26-not-gzip"),
        pytest.param(
            response(b"2\r\nwe\r\n2\r\nll\r\n0\r\n\r\n", Transfer_Encoding="chunked"), True,
            id="A25-chunked",
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nno", False, id="A25-cut-off"),
        pytest.param(response(b"well", status="500 No"), False, id="A25-status-first"),
        pytest.param(
            response(gzip.compress(NOISE + b"well"), Content_Encoding="gzip"), True,
            id="A26-5120-count-decoded",
        ),
        pytest.param(
            response(zlib.compress(NOISE + b".well"), Content_Encoding="deflate"), False,
            id="A26-partly-behind-5120",
        ),
        pytest.param(
            response(b"%x\r\n%b\r\n0\r\n\r\n" % (len(LONG), LONG), Transfer_Encoding="chunked"),
            True, id="A25-one-large-chunk",
        ),
        pytest.param(
            response(b"-4\r\nwell\r\n0\r\n\r\n", Transfer_Encoding="chunked"), False,
            id="A25-chunk-of-no-size",
        ),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\nwell", True, id="A25-until-it-closes"),
    ],
)  # fmt: skip
def test_string_matching(reply, ok):
    assert probed(reply, "HTTP_STR_MATCH", SearchString="well")[0].ok is ok


@pytest.mark.parametrize(
    ("config", "host"),
    [
        pytest.param({}, b"us.example.test", id="A32-default-port"),
        pytest.param({"Port": 8080}, b"us.example.test:8080", id="A32-other-port"),
        pytest.param({"IPAddress": "127.0.1.1"}, b"us.example.test", id="A32-name-and-address"),
        pytest.param(
            {"IPAddress": "127.0.1.1", "FullyQualifiedDomainName": ""}, b"127.0.1.1",
            id="A32-address-only",
        ),
    ],
)  # fmt: skip
def test_the_host_header(config, host):
    _, live = probed(OK, **config)
    assert b"\r\nHost: " + host + b"\r\n" in live.requests[0]


def test_a30_a33_path_and_user_agent():
    _, live = probed(OK, ResourcePath="health?deep=1")
    assert live.requests[0].startswith(b"GET /health?deep=1 HTTP/1.1\r\n")
    assert b"Amazon-Route53-Health-Check-Service (ref hc;" in live.requests[0]


def test_a24_tcp_sends_nothing():
    found, live = probed(OK, "TCP")
    assert found.ok
    assert live.requests == []


def test_a_refused_connection_fails():
    async def run() -> Observation:
        async with endpoint() as live:
            port = live.port
        return await probe(check("TCP"), ("127.0.0.1", port), tls_context(), FAST)

    assert not asyncio.run(run()).ok


LOOPS = [asyncio.new_event_loop]
with contextlib.suppress(ImportError):
    import uvloop

    LOOPS.append(uvloop.new_event_loop)
by_loop = pytest.mark.parametrize("loop", LOOPS, ids=["asyncio", "uvloop"][: len(LOOPS)])


def over_tls(server: ssl.SSLContext, loop: Any, **config: Any) -> Observation:
    async def run() -> Observation:
        async with endpoint(server) as live:
            address = ("127.0.0.1", live.port)
            return await probe(check("HTTPS", **config), address, tls_context(), FAST)

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(run())


def server_tls(names: list[str | None] | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("other.example.test").configure_cert(context)

    def note(_: object, name: str | None, __: object) -> None:
        if names is not None:
            names.append(name)

    context.sni_callback = note
    return context


@by_loop
@pytest.mark.parametrize(("sni", "seen"), [(True, "us.example.test"), (False, None)])
def test_a28_certificates_are_not_validated_and_sni_is_a_setting(loop, sni, seen):
    names: list[str | None] = []
    assert over_tls(server_tls(names), loop, Port=443, EnableSNI=sni).ok
    assert names == [seen]


@by_loop
def test_a28_a_failed_handshake_is_tried_once_without_sni(loop):
    names: list[str | None] = []
    context = server_tls()

    def refuse_names(_: object, name: str | None, __: object) -> int | None:
        names.append(name)
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME if name else None

    context.sni_callback = refuse_names
    assert over_tls(context, loop, Port=443).ok
    assert names == ["us.example.test", None]


def test_an_endpoint_that_never_shakes_hands_times_out_as_a_black_hole_does():
    async def run() -> Observation:
        async with endpoint() as silent:  # reads a request that never ends
            address = ("127.0.0.1", silent.port)
            return await probe(check("HTTPS", Port=443), address, tls_context(), Clock(40.0))

    found = asyncio.run(run())
    assert not found.ok
    assert "timed out" in found.status


@contextlib.asynccontextmanager
async def role(channel: Any, spec: dict[str, Any]) -> AsyncIterator[None]:
    task = asyncio.create_task(checkers.main(channel, spec))
    await until(channel.ready.is_set)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)


def snapshot(*checks: dict[str, Any]) -> dict[str, Any]:
    record = {
        "Name": "us.example.test", "Type": "A", "TTL": 60,
        "ResourceRecords": [{"Value": "127.0.1.1"}],
    }  # fmt: skip
    zone = {"id": "Z1", "name": "example.test.", "record_sets": [record]}
    return {"kind": "snapshot", "body": {"zones": [zone], "health_checks": list(checks)}}


def configured(check_id: str = "hc", **config: Any) -> dict[str, Any]:
    base = {
        "Type": "HTTP", "FullyQualifiedDomainName": "us.example.test", "Port": 80,
        "RequestInterval": 10, "FailureThreshold": 2,
    }  # fmt: skip
    return {"Id": check_id, "HealthCheckConfig": base | config}


def latest(channel: Any, check_id: str = "hc") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for message in channel.sent:
        if message["kind"] == "health":
            found = message["checks"].get(check_id, found)
    return found


def test_a_503_fails_the_check_and_a_200_brings_it_back(channel, make_spec):
    async def run() -> None:
        async with endpoint() as live:
            spec = make_spec(name="checkers", speed=50.0)
            spec["regions"]["us-east-1"]["http"] = live.port
            async with role(channel, spec):
                channel.handlers["snapshot"](snapshot(configured()))
                assert latest(channel)["healthy"]
                live.reply = UNAVAILABLE
                await until(lambda: not latest(channel)["healthy"])
                assert any("503" in o["status"] for o in latest(channel)["observations"])
                live.reply = OK
                await until(lambda: latest(channel)["healthy"])

    asyncio.run(run())
    changes = [(e["healthy"], e["votes"]) for e in channel.events("lab.health_changed")]
    assert changes == [(True, 16), (False, 2), (True, 3)]  # A17: 12.5 % and 18.75 % of 16


def test_a3_the_interval_counts_from_the_response(channel, make_spec):
    took_s, interval_s = 0.05, 10 / 50
    probes: dict[Checker, list[tuple[float, float]]] = {}

    class Slow(checkers.Role):
        async def _probe(self, check: HealthCheck, checker: Checker) -> None:
            began = clock.monotonic()
            await asyncio.sleep(took_s)
            probes.setdefault(checker, []).append((began, clock.monotonic()))

    async def run() -> None:
        role = Slow(channel, make_spec(name="checkers", speed=50.0))
        role.listen()
        channel.handlers["snapshot"](snapshot(configured()))
        await until(lambda: len(probes) == 16 and all(len(p) >= 3 for p in probes.values()))
        role.dismiss()

    asyncio.run(run())
    for seen in probes.values():
        for (_, answered), (asked, _) in pairwise(seen):
            assert asked - answered >= 0.99 * interval_s


def test_inverting_takes_effect_at_once_and_keeps_the_counters(channel, make_spec):
    async def run() -> None:
        async with role(channel, make_spec(name="checkers")):
            channel.handlers["snapshot"](snapshot(configured()))
            channel.handlers["snapshot"](snapshot(configured(Inverted=True)))
            assert (latest(channel)["healthy"], latest(channel)["votes"]) == (False, 16)
            channel.handlers["snapshot"](snapshot(configured()))
            assert (latest(channel)["healthy"], latest(channel)["votes"]) == (True, 16)

    asyncio.run(run())


def test_a_forced_state_stands_until_it_is_released(channel, make_spec):
    async def run() -> None:
        async with role(channel, make_spec(name="checkers")):
            channel.handlers["snapshot"](snapshot(configured()))
            channel.handlers["forced"]({"check": "hc", "healthy": False})
            assert (latest(channel)["healthy"], latest(channel)["forced"]) == (False, True)
            channel.handlers["forced"]({"check": "hc", "healthy": None})
            assert latest(channel)["healthy"]
            assert "forced" not in latest(channel)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"FullyQualifiedDomainName": "no.example.test"}, "DNS resolution failed"),
        ({"IPAddress": "127.0.0.1"}, "not an address of a Region of this lab"),
        ({"IPAddress": "192.0.2.7"}, "not an address of a Region of this lab"),
    ],
)
def test_only_the_labs_own_regions_are_probed(channel, make_spec, config, why):
    async def run() -> None:
        async with role(channel, make_spec(name="checkers", speed=50.0)):
            channel.handlers["snapshot"](snapshot(configured(**config)))
            await until(lambda: not latest(channel)["healthy"])
            assert why in latest(channel)["observations"][0]["status"]

    asyncio.run(run())


def test_a10_is_a_private_target_probed_where_the_lab_was_told_to(channel, make_spec):
    async def run() -> None:
        server = await asyncio.start_server(lambda _, w: w.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        there = check("TCP", IPAddress="127.0.0.1", Port=port)
        foreign = check("TCP", IPAddress="192.0.2.7", Port=port)
        async with server:
            for private, ok in ((True, True), (False, False)):
                inside = checkers.Role(channel, make_spec(name="checkers", private_targets=private))
                observation = await inside._probe(there, Checker("eu-west-1", 0, 0.0))
                assert observation.ok is ok
                assert not (await inside._probe(foreign, Checker("eu-west-1", 0, 0.0))).ok

    asyncio.run(run())


def test_is_every_check_told_again_to_a_process_that_was_started_again(channel, make_spec):
    async def run() -> None:
        spec = make_spec(name="checkers", speed=1.0, foreign_targets="unknown")
        async with role(channel, spec):
            channel.handlers["snapshot"](snapshot(configured(IPAddress="192.0.2.7")))
            channel.handlers["forced"]({"check": "hc", "healthy": False})
            channel.sent.clear()
            channel.handlers["retell"]({})

    asyncio.run(run())
    assert [m["checks"]["hc"]["healthy"] for m in channel.sent if m["kind"] == "health"] == [False]


@pytest.mark.parametrize(("foreign", "known"), [("failing", True), ("unknown", False)])
def test_is_a_target_outside_the_lab_unknown_where_a_zone_was_brought(
    channel, make_spec, foreign, known
):
    async def observed() -> Observation | None:
        inside = checkers.Role(channel, make_spec(name="checkers", foreign_targets=foreign))
        elsewhere = check("HTTPS", IPAddress="192.0.2.7")
        return await inside._probe(elsewhere, Checker("eu-west-1", 0, 0.0))

    found = asyncio.run(observed())
    assert (found is not None) is known


def test_a44_metrics_and_the_labs_own_lag_come_once_a_minute(channel, make_spec):
    async def run() -> None:
        async with role(channel, make_spec(name="checkers", speed=100.0)):
            upon = configured("sum", Type="CALCULATED", ChildHealthChecks=["hc"], HealthThreshold=1)
            channel.handlers["snapshot"](snapshot(configured(Disabled=True), upon))
            await until(lambda: bool(channel.events("lab.lag")))

    asyncio.run(run())
    (message,) = [m for m in channel.sent if m["kind"] == "metrics"]
    assert (message["to"], message["region"]) == ("cloud", "us-east-1")
    rows = {(r["name"], r["dimensions"]["HealthCheckId"]): r["values"] for r in message["rows"]}
    assert rows["HealthCheckStatus", "hc"] == {"1.0": 6}
    assert rows["HealthCheckPercentageHealthy", "hc"] == {"100.0": 6}
    assert rows["ChildHealthCheckHealthyCount", "sum"] == {"1.0": 6}
    assert set(channel.events("lab.lag")[0]) >= {"p99_s", "wall_p99_s", "limit_s", "too_slow"}


def test_a37_a39_alarms_and_routing_controls_decide_their_checks(channel, make_spec):
    alarm = {"AlarmIdentifier": {"Region": "us-east-1", "Name": "down"}}
    control = {"RoutingControlArn": "arn:control"}

    async def run() -> None:
        async with role(channel, make_spec(name="checkers")):
            channel.handlers["snapshot"](
                snapshot(
                    configured("alarm", Type="CLOUDWATCH_METRIC", **alarm),
                    configured("control", Type="RECOVERY_CONTROL", **control),
                )
            )
            assert latest(channel, "alarm")["healthy"]
            channel.handlers["alarms"](
                {"states": {"us-east-1/down": "ALARM"}, "routing_controls": {"arn:control": "Off"}}
            )
            assert not latest(channel, "alarm")["healthy"]
            assert not latest(channel, "control")["healthy"]

    asyncio.run(run())
