"""Is what is secret hidden, and nothing else?"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from gameday import redact
from gameday.journal import EventLog, read_log

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLE"
SLACK = "https://chat.example.test/hook/T0/B0/XYZ"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("OUR_CHANNEL", SLACK)
    monkeypatch.setenv("GAMEDAY_ANNOUNCE", "slack:OUR_CHANNEL,webhook:https://in.example.test/k")
    monkeypatch.setenv("GAMEDAY_TOKEN_FILE", "/tmp/lab.token.file")
    monkeypatch.setenv("LAB_TOKEN", "gameday")
    yield
    redact._declared.clear()


@pytest.mark.parametrize(
    ("written", "hidden"),
    [
        (f"key {SECRET}.", "key [hidden]."),
        ("?k=wJalrXUtnFEMI%2FK7MDENG%2BbPxRfiCYEXAMPLE&x", "?k=[hidden]&x"),
        (f"posting to {SLACK}", "posting to [hidden]"),
        ("posting to https://in.example.test/k", "posting to [hidden]"),
        ("key id AKIAIOSFODNN7EXAMPLE", "key id [hidden]"),
        ('"Authorization": "AWS4-HMAC-SHA256 Credential=A/b, Signature=0a"',
         '"Authorization": "[hidden]"'),
        ("Authorization: Bearer abcdef0123456789.x-y", "Authorization: Bearer [hidden]"),
        ("?X-Amz-Security-Token=FwoGZ%2F&X-Amz-Signature=0af1&a=b",
         "?X-Amz-Security-Token=[hidden]&X-Amz-Signature=[hidden]&a=b"),
        ("x-amz-security-token:FwoGZXIvYXdzE\\n", "x-amz-security-token:[hidden]\\n"),
        ("https://hooks.slack.com/services/T0/B0/x yes", "[hidden] yes"),
        ("GET http://ada:lovelace@proxy:80/", "GET http://[hidden]@proxy:80/"),
        # what is no secret
        ("/tmp/lab.token.file", "/tmp/lab.token.file"),
        ("gameday: 4 functions at 0, replication paused", None),
        ("ops@example.test at http://127.0.0.1:4566/x", None),
        ("a basic health check; the bearer of news", None),
    ],
)  # fmt: skip
def test_what_is_hidden(written: str, hidden: str | None) -> None:
    assert redact.text(written) == (written if hidden is None else hidden)


def test_are_the_secrets_of_an_experiment_hidden_once_declared() -> None:
    assert redact.text("hunter2-hunter2") == "hunter2-hunter2"
    redact.declare({"vault": {"password": "hunter2-hunter2", "port": 1, "short": "abc"}})
    assert redact.text("hunter2-hunter2 abc") == "[hidden] abc"


def test_is_what_an_experiment_file_holds_a_secret_and_not_where_it_is_found() -> None:
    kept = {"type": "env", "key": "DATABASE_PASSWORD"}
    redact.declare_inline({"db": {"password": kept, "user": "hunter2-hunter2"}})
    assert redact.text("DATABASE_PASSWORD hunter2-hunter2") == "DATABASE_PASSWORD [hidden]"


def test_is_a_journal_scrubbed_in_place() -> None:
    journal = {"run": [{"output": {"body": SECRET, "n": 1}, "exception": (f"E {SECRET}", None)}]}
    assert redact.tree(journal) is journal
    assert journal == {"run": [{"output": {"body": "[hidden]", "n": 1},
                                "exception": ("E [hidden]", None)}]}  # fmt: skip


def test_do_numbers_stay_numbers(tmp_path: Path) -> None:
    """A secret of digits may stand in any time or count, where hiding it would break the file."""
    redact.declare(["12345678"])
    log = EventLog(tmp_path / "events.jsonl")
    log.append("stop", at=12345678.5, count=12345678, reason="12345678")
    log.close()
    (event,) = read_log(log.path)
    assert event == {"at": 12345678.5, "kind": "stop", "count": 12345678, "reason": "[hidden]"}


def test_are_events_and_logs_written_without_them(tmp_path: Path) -> None:
    quoted = 'a"b\\c-äöü-long'
    redact.declare([quoted])
    log = EventLog(tmp_path / "events" / "chaos.jsonl")
    log.append("stop", reason=f"{SECRET} and {quoted}")
    log.close()
    assert [e["reason"] for e in read_log(log.path)] == ["[hidden] and [hidden]"]

    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.addFilter(redact.LogFilter())
    logger = logging.Logger("of this test")
    logger.addHandler(handler)
    try:
        raise ValueError(f"no {SECRET}")
    except ValueError:
        logger.exception("with %s", SECRET)
    assert SECRET not in said.getvalue()
    assert "ValueError: no [hidden]" in said.getvalue()

    record = logging.LogRecord("n", logging.INFO, "p", 1, "%d of them", (SECRET,), None)
    assert redact.LogFilter().filter(record)
    assert record.args == ("[hidden]",)  # the handler will complain of it, as it always does

    (tmp_path / "chaos.log").write_bytes(b"\xff " + SECRET.encode())
    (tmp_path / "experiment.json").write_text(json.dumps({"token": SECRET}))
    redact.logs(tmp_path)
    assert (tmp_path / "chaos.log").read_bytes() == b"\xff [hidden]"
    assert SECRET not in (tmp_path / "experiment.json").read_text()
