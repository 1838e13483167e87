"""Does the lab go on when there is no room for what it writes down?"""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gameday.journal import EventLog
from gameday.lab.hub import Child, Hub
from gameday.lab.lab import Lab

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="/dev/full is Linux's")
def test_is_what_one_journal_has_no_room_for_in_the_other(tmp_path: Path) -> None:
    other = tmp_path / "lab.jsonl"
    lab: Any = SimpleNamespace(journals=[EventLog(FULL), EventLog(other)])
    Lab.record(lab, {"kind": "lab.health_changed", "check": "one"})
    assert '"lab.health_changed"' in other.read_text()


def test_is_a_process_heard_after_a_message_that_could_not_be_handled(tmp_path: Path) -> None:
    heard: list[int] = []

    def on_message(message: dict[str, Any]) -> None:
        heard.append(message["n"])
        raise OSError(errno.ENOSPC, "No space left on device")

    async def story() -> None:
        process: Any = SimpleNamespace()
        hub, child = Hub(tmp_path, on_message, lambda name: None), Child("dns", process)
        child.ready.set_result({})
        reader = asyncio.StreamReader()
        reader.feed_data(b'{"kind":"event","n":1}\n{"kind":"event","n":2}\n{"kind":"eve')
        reader.feed_eof()
        await hub._read(child, reader)

    asyncio.run(story())
    assert heard == [1, 2]
