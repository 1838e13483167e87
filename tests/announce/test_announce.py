"""Is everybody told who breaks what until when, and can nobody's channel hold anything up?"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from gameday import announce, clock, settings
from gameday.announce import Channel, channels_of
from gameday.announce.follow import Announcer, Follower
from gameday.errors import AwsError, TargetError
from gameday.journal import EventLog

AT = 1_795_428_000.0  # 2026-11-23T10:00:00Z
RUN = {
    "id": "2026-11-23T10-00-00Z", "experiment": "region-outage", "title": "Losing a Region",
    "target": "staging", "region": "us-east-1", "accounts": {"us-east-1": "123456789012"},
    "who": "ada", "approved_by": "grace", "commit": "abc", "until": AT + 3600,
}  # fmt: skip
BACK = {"settings": 5, "equal": 5}
ENV = {
    "GAMEDAY_TARGET": "staging",
    "GAMEDAY_REGIONS": "us-east-1,eu-west-1",
    "GAMEDAY_STACK": "shop",
}


def test_what_is_said_at_the_start() -> None:
    said = announce.started(RUN, AT, "aws ssm put-parameter ...")
    assert said.text.splitlines() == [
        "GameDay started: Losing a Region (us-east-1 of staging)",
        "Who: ada, approved by grace; in 123456789012:us-east-1",
        "Until: 2026-11-23 11:00 UTC, as planned",
        "Stop it: gameday stop, where it runs; from any machine: aws ssm put-parameter ...",
    ]
    assert said.facts["approved_by"] == "grace"
    assert said.facts["stop"] == "aws ssm put-parameter ..."


@pytest.mark.parametrize(
    ("findings", "back", "lines"),
    [
        (
            {"verdict": "PASSED", "sentence": "All good."},
            BACK,
            ["PASSED: All good.", "Put back: 5 of 5 settings equal to before."],
        ),
        (
            {"verdict": "ERROR", "sentence": "No verdict: x."},
            {"settings": 5, "equal": 4},
            ["ERROR: No verdict: x.", "Put back: 4 of 5 settings equal to before.",
             "Put back the rest: gameday rollback, or undo.sh of the run."],
        ),
        (None, None, ["No verdict: it has no findings."]),
    ],
)  # fmt: skip
def test_what_is_said_at_the_end(findings: Any, back: Any, lines: list[str]) -> None:
    assert announce.ended(RUN, AT, findings, back).text.splitlines()[1:] == lines


@contextmanager
def webhook(answer: Callable[[], int] = lambda: 200) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that keeps what it is sent, and its URL."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answer())
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/secret-path", got
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


STOPPED = announce.stopped(RUN, AT, "key q")


def test_what_do_a_webhook_and_slack_get() -> None:
    with webhook() as (url, got):
        Channel("webhook", url).send(STOPPED)
        Channel("slack", url).send(STOPPED)
    assert (got[0]["kind"], got[0]["reason"], got[0]["id"]) == (
        "stopped", "key q", RUN["id"],
    )  # fmt: skip
    assert got[1] == {"text": STOPPED.text}


def test_does_a_failure_keep_the_url_to_itself() -> None:
    with webhook(lambda: 404) as (url, _), pytest.raises(AwsError) as refusal:
        Channel("slack", url).send(STOPPED)
    assert str(refusal.value) == "the slack answered 404"
    with pytest.raises(AwsError) as refusal:
        Channel("webhook", url).send(STOPPED)  # nobody is there any more
    assert "secret" not in str(refusal.value)


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Stubber]]:
    """A boto3 client that answers as the test says, checked against AWS's own models."""
    stubs: list[Stubber] = []

    def of(service: str) -> Stubber:
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        api = boto3.client(service, region_name="eu-west-1", **keys)
        monkeypatch.setattr("gameday.announce.channels.client", lambda *_, **__: api)
        stubs.append(Stubber(api))
        stubs[-1].activate()
        return stubs[-1]

    yield of
    for stub in stubs:
        stub.assert_no_pending_responses()


TOPIC = "arn:aws:sns:eu-west-1:123456789012:gamedays"
BUS = "arn:aws:events:eu-west-1:123456789012:event-bus/default"


def test_what_does_sns_get(stubbed: Callable[[str], Stubber]) -> None:
    subject = "GameDay was stopped: Losing a Region (us-east-1 of staging)"
    wanted = {"TopicArn": TOPIC, "Subject": subject, "Message": STOPPED.text}
    stubbed("sns").add_response("publish", {"MessageId": "m"}, wanted)
    Channel("sns", TOPIC).send(STOPPED)


def test_what_does_eventbridge_get_and_is_a_refused_entry_a_failure(
    stubbed: Callable[[str], Stubber],
) -> None:
    stub = stubbed("events")
    entry = {
        "Source": "gameday", "DetailType": "GameDay Run Stopped", "Detail": ANY,
        "EventBusName": BUS,
    }  # fmt: skip
    stub.add_response("put_events", {"FailedEntryCount": 0}, {"Entries": [entry]})
    failed = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "Throttled", "ErrorMessage": "x"}]}
    stub.add_response("put_events", failed, {"Entries": [entry]})
    Channel("events", BUS).send(STOPPED)
    with pytest.raises(AwsError, match="PutEvents: Throttled: x"):
        Channel("events", BUS).send(STOPPED)


@pytest.mark.parametrize(
    ("entry", "environ", "found"),
    [
        ("slack:OPS_URL", {"OPS_URL": "https://hooks.test/x"}, "https://hooks.test/x"),
        ("webhook:http://127.0.0.1:1/x", {}, "http://127.0.0.1:1/x"),
        (f"sns:{TOPIC}", {}, TOPIC),
        (f"events:{BUS}", {}, BUS),
        ("slack:OPS_URL", {}, None),
        ("slack:OPS_URL", {"OPS_URL": "file:///etc/passwd"}, None),
        ("slack:", {}, None),
        ("sns:gamedays", {}, None),
        ("pager:x", {}, None),
    ],
)
def test_which_channels_are_understood(entry: str, environ: dict, found: str | None) -> None:
    target = settings.current({**ENV, "GAMEDAY_ANNOUNCE": entry})
    if found is None:
        with pytest.raises(TargetError, match="GAMEDAY_ANNOUNCE"):
            channels_of(target, environ)
    else:
        assert [c.address for c in channels_of(target, environ)] == [found]


class Recorder(Announcer):
    """Keeps messages instead of sending them."""

    def __init__(self) -> None:
        super().__init__(())
        self.said: list[str] = []

    def announce(self, what: announce.Message) -> None:
        self.said.append(what.text)


def test_is_a_run_followed_from_its_start_to_its_end_also_without_its_runner(
    tmp_path: Path,
) -> None:
    recorder = Recorder()
    follower = Follower(tmp_path, settings.current(ENV), recorder)
    (tmp_path / "run.json").write_text(json.dumps(RUN))
    log = EventLog(tmp_path / "events" / "chaos.jsonl")
    log.append("run.started")
    assert not follower.step()
    assert "--region eu-west-1 --name /gameday/shop/kill-switch" in recorder.said[0]
    watchdog = EventLog(tmp_path / "events" / "watchdog.jsonl")
    watchdog.append("stop", reason="the runner, process 7, died")
    log.append("stop", reason="said once only")
    watchdog.append("put.back", **BACK)
    assert not follower.step()
    assert recorder.said[1].splitlines()[1] == "Why: the runner, process 7, died"
    (tmp_path / "findings.json").write_text(json.dumps({"verdict": "STOPPED", "sentence": "s"}))
    assert not follower.step()  # its report is still being written
    (tmp_path / "manifest.sha256").touch()
    assert follower.step()
    assert recorder.said[2].splitlines()[1:] == [
        "STOPPED: s", "Put back: 5 of 5 settings equal to before.",
    ]  # fmt: skip
    assert len(recorder.said) == 3
    log.close()
    watchdog.close()


def test_does_a_hanging_webhook_hold_up_nobody(tmp_path: Path) -> None:
    hang = threading.Event()

    def wait() -> int:
        hang.wait(20)
        return 200

    with webhook(wait) as (slow, _), webhook() as (quick, got):
        announcer = Announcer([Channel("webhook", slow), Channel("slack", quick)])
        began = clock.monotonic()
        announcer.announce(STOPPED)
        assert clock.monotonic() - began < 5.0  # it never waits for an answer
        assert clock.Clock().wait_for(lambda: bool(got), 10.0, 0.05)
        announcer.finish(within_s=0.2)
        hang.set()
        announcer.finish()


def test_does_the_process_of_its_own_tell_the_whole_story(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps(RUN))
    log = EventLog(tmp_path / "events" / "chaos.jsonl")
    log.append("run.started")
    log.append("put.back", **BACK)
    log.close()
    (tmp_path / "manifest.sha256").touch()
    with webhook() as (url, got):
        environ = {**ENV, "GAMEDAY_ANNOUNCE": f"slack:{url}", "PATH": "/usr/bin"}
        command = [sys.executable, "-m", "gameday.announce", str(tmp_path)]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert [m["text"].split(":")[0] for m in got] == ["GameDay started", "GameDay ended"]
    assert "started to slack: sent" in done.stdout
    assert done.stderr == ""
    assert url not in done.stdout
