"""How does one request end, and whose doing was it?"""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
import trustme
from fake_region import FakeRegion, Store
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from geventhttpclient.useragent import RetriesExceeded

from gameday import clock, settings
from gameday.load.client import ClientPool, region_at
from gameday.load.connection import Endpoint, Trip
from gameday.load.outcome import Phase, WrongRegion, outcome_of
from gameday.load.profiles import profile
from gameday.resolver import Answer, DnsFailure, Network, ResolverCache

NAME = "api.example.test"
US = "us-east-1"


def told(environ: dict[str, str]) -> Endpoint:
    """An endpoint at speed 20, whose Regions are known by address."""
    target = settings.current({"GAMEDAY_SPEED": "20", **environ})
    return Endpoint.of(target, {"127.0.1.1": US, "127.0.2.1": "eu-west-1"}.get)


class Caller:
    """A client of one profile whose resolver says `addresses`."""

    made: ClassVar[list[Caller]] = []

    def __init__(
        self,
        url: str,
        profile_name: str = "pooled",
        latency_ms: dict[str, float] | None = None,
        **env: str,
    ) -> None:
        self.addresses = ["127.0.1.1"]
        self.url, self.endpoint = url, told(env)
        cache = ResolverCache(lambda _: Answer(tuple(self.addresses), 0.0, "NOERROR", 0.0))
        network = Network("near", None, latency_ms or {})
        self.pool = ClientPool(self.endpoint, profile(profile_name), network, cache)
        self.made.append(self)

    def get(self) -> tuple[str, str | None]:
        """Outcome and Region of one request."""
        self.pool.trip = trip = Trip(clock.monotonic(), clock.monotonic())
        try:
            response = self.pool.get_client(self.url).request("GET", "/items/none")
        except (OSError, HTTPParseError) as error:
            return outcome_of(error, 0, trip.phase), region_at(trip, self.endpoint)
        status = response.status_code
        error = None if status < 400 else ValueError(status)
        return outcome_of(error, status, trip.phase), region_at(trip, self.endpoint)


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    yield
    while Caller.made:
        Caller.made.pop().pool.close()


@pytest.fixture
def region() -> Iterator[FakeRegion]:
    with FakeRegion(US, "127.0.1.1", Store()) as fake:
        yield fake


@contextlib.contextmanager
def full_port() -> Iterator[int]:
    """A port whose queue of connections is full: the next one is neither taken nor refused."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.1.1", 0))
        listener.listen(0)
        for _ in range(2):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [("serve", "http_4xx"), ("error", "http_5xx"), ("reset", "reset"), ("hang", "read_timeout")],
)
def test_how_does_a_request_end(region: FakeRegion, mode: str, outcome: str) -> None:
    region.mode = mode
    assert Caller(f"http://{NAME}:{region.port}").get() == (outcome, US)


def test_is_a_closed_port_refused_and_blamed_on_the_region_of_the_address(
    region: FakeRegion,
) -> None:
    region.stop()
    assert Caller(f"http://{NAME}:{region.port}").get() == ("refused", US)


def test_does_a_black_hole_time_out_in_the_profile_s_time() -> None:
    with full_port() as port:
        began = time.monotonic()
        assert Caller(f"http://{NAME}:{port}").get() == ("connect_timeout", US)
    assert 0.2 < time.monotonic() - began < 1.0  # 5 AWS seconds at speed 20: 0.25 s


def test_is_a_name_without_address_a_dns_failure_of_nobody() -> None:
    caller = Caller(f"http://{NAME}:9")
    caller.addresses = []
    assert caller.get() == ("dns", None)


def test_is_the_name_sent_and_checked_and_not_the_address(tmp_path: Path) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME).configure_cert(context)
    for name, ca in (("ca", authority), ("stranger", stranger)):
        ca.cert_pem.write_to_path(str(tmp_path / f"{name}.pem"))
    with FakeRegion(US, "127.0.1.1", Store(), tls=context) as fake:
        url = f"https://{NAME}:{fake.port}"
        good = Caller(url, GAMEDAY_CA_FILE=str(tmp_path / "ca.pem"))
        assert good.get() == ("http_4xx", US)
        assert fake.requests[0][2] == NAME  # the Host header has no port, as on AWS
        assert Caller(url, GAMEDAY_CA_FILE=str(tmp_path / "stranger.pem")).get() == ("tls", US)
        other = url.replace(NAME, "other.example.test")
        assert Caller(other, GAMEDAY_CA_FILE=str(tmp_path / "ca.pem")).get() == ("tls", US)


def test_is_the_region_named_by_the_header_else_by_the_address(region: FakeRegion) -> None:
    caller = Caller(f"http://{NAME}:{region.port}", GAMEDAY_REGION_HEADER="X-Region")
    region.region = "ap-south-1"
    assert caller.get()[1] == "ap-south-1"
    region.named = False
    assert caller.get()[1] == US


def test_is_an_address_mapped_where_it_cannot_be_bound(region: FakeRegion) -> None:
    mapped = f"127.0.9.9:4433=127.0.1.1:{region.port}"
    caller = Caller(f"http://{NAME}:4433", GAMEDAY_ADDRESS_MAP=mapped)
    caller.addresses = ["127.0.9.9"]
    assert caller.get()[0] == "http_4xx"


@pytest.mark.parametrize(
    ("name", "connections"), [("per-request", 4), ("pooled", 1), ("pooled-max-age-1", 2)]
)
def test_how_many_connections_do_four_requests_take(
    region: FakeRegion, name: str, connections: int
) -> None:
    caller = Caller(f"http://{NAME}:{region.port}", name)
    for pause_s in (0.0, 0.0, 0.06, 0.0):  # 1 AWS second at speed 20: 0.05 s
        time.sleep(pause_s)
        caller.get()
    assert region.connections == connections


def test_does_a_5xx_keep_the_connection_and_a_stopped_server_free_the_client(
    region: FakeRegion,
) -> None:
    caller = Caller(f"http://{NAME}:{region.port}")
    region.mode = "error"
    caller.get()
    caller.addresses = ["127.0.2.1"]
    assert caller.get() == ("http_5xx", US)
    assert region.connections == 1
    region.stop()
    with FakeRegion("eu-west-1", "127.0.2.1", Store(), port=region.port):
        outcomes = [caller.get() for _ in range(2)]
    assert outcomes[-1] == ("http_4xx", "eu-west-1")


def test_is_the_distance_felt_in_real_milliseconds_whatever_the_speed(region: FakeRegion) -> None:
    caller = Caller(f"http://{NAME}:{region.port}", latency_ms={US: 80.0})
    caller.get()
    began = time.monotonic()
    caller.get()
    assert 0.08 <= time.monotonic() - began < 0.3
    answered = caller.pool.trip.answered
    assert answered is not None
    assert answered - began < 0.08  # the answer was there before the way back


def test_is_a_broken_request_tried_once_only(region: FakeRegion) -> None:
    caller = Caller(f"http://{NAME}:{region.port}")
    region.mode = "reset"
    caller.get()
    assert len(region.requests) == 1


def test_is_a_body_that_is_a_file_sent(region: FakeRegion, tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"x" * 10_000)
    caller = Caller(f"http://{NAME}:{region.port}")
    with (tmp_path / "body").open("rb") as body:
        client = caller.pool.get_client(caller.url)
        answer = client.request("POST", "/items", body=body, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, caller.get()) == (201, ("http_4xx", US))
    assert region.connections == 1


def test_does_a_client_work_with_more_than_a_thousand_files_open(region: FakeRegion) -> None:
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(open("/dev/null")) for _ in range(900)]
        while files[-1].fileno() < 1100:
            files.append(stack.enter_context(open("/dev/null")))
        caller = Caller(f"http://{NAME}:{region.port}")
        for _ in range(3):
            caller.get()
    assert region.connections == 1


def test_is_an_answer_of_a_region_that_is_not_at_the_address_told_apart(
    region: FakeRegion,
) -> None:
    caller = Caller(f"http://{NAME}:{region.port}")
    caller.get()
    assert not caller.pool.trip.misrouted
    region.region = "eu-west-1"
    assert caller.get()[1] == "eu-west-1"
    assert caller.pool.trip.misrouted
    region.named = False
    caller.get()
    assert not caller.pool.trip.misrouted, "who is not named is where the address is"


@pytest.mark.parametrize(
    ("error", "status", "misrouted", "outcome"),
    [
        (None, 200, True, "wrong_region"),
        (WrongRegion("not in the EU"), 200, False, "wrong_region"),
        (ValueError("another item"), 200, True, "wrong_body"),
        (ValueError("no"), 503, True, "http_5xx"),
        (WrongRegion("not in the EU"), 503, False, "http_5xx"),
        (None, 400, False, "ok"),  # a check may call a 400 right,
        (ValueError("stale"), 200, False, "wrong_body"),  # and a 200 wrong
    ],
)
def test_what_may_a_check_say(
    error: Exception | None, status: int, misrouted: bool, outcome: str
) -> None:
    assert outcome_of(error, status, Phase.EXCHANGE, misrouted=misrouted) == outcome


CLOSED = HTTPConnectionClosed("connection closed.")


@pytest.mark.parametrize(
    ("error", "status", "phase", "outcome"),
    [
        (None, 200, Phase.EXCHANGE, "ok"),
        (None, 404, Phase.EXCHANGE, "ok"),  # the check said that it is right
        (ValueError("wrong"), 200, Phase.EXCHANGE, "wrong_body"),
        (ValueError("bad"), 429, Phase.EXCHANGE, "http_429"),
        (ValueError("bad"), 403, Phase.EXCHANGE, "http_4xx"),
        (ValueError("bad"), 502, Phase.EXCHANGE, "http_5xx"),
        (DnsFailure("no"), 0, Phase.DNS, "dns"),
        (TimeoutError("timed out"), 0, Phase.CONNECT, "connect_timeout"),
        (TimeoutError("timed out"), 0, Phase.TLS, "connect_timeout"),
        (TimeoutError("timed out"), 0, Phase.EXCHANGE, "read_timeout"),
        (RetriesExceeded("u", 0, original=TimeoutError()), 0, Phase.EXCHANGE, "read_timeout"),
        (ConnectionRefusedError(), 0, Phase.CONNECT, "refused"),
        (OSError(113, "No route to host"), 0, Phase.CONNECT, "refused"),
        (ssl.SSLCertVerificationError("bad"), 0, Phase.TLS, "tls"),
        (ssl.SSLEOFError("eof"), 0, Phase.TLS, "reset"),
        (ConnectionResetError(), 0, Phase.EXCHANGE, "reset"),
        (CLOSED, 0, Phase.EXCHANGE, "reset"),
        (HTTPParseError("not HTTP"), 0, Phase.EXCHANGE, "wrong_body"),
    ],
)
def test_which_word_is_it(error: Exception | None, status: int, phase: Phase, outcome: str) -> None:
    assert outcome_of(error, status, phase) == outcome


def test_is_a_connection_kept_whose_file_number_is_beyond_select(region: FakeRegion) -> None:
    """`select` fails above 1,023; geventhttpclient's own pool then connects for every request."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2_048:
        pytest.skip("this machine allows no such file numbers")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2_048), hard))
    held = [os.open(os.devnull, os.O_RDONLY)]
    try:
        while held[-1] <= 1_100:
            held.append(os.dup(held[0]))
        caller = Caller(f"http://{NAME}:{region.port}")
        assert [caller.get() for _ in range(3)] == [("http_4xx", US)] * 3
        assert region.connections == 1
    finally:
        for number in held:
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
