"""The hub and the channel, with a real child process."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gameday.errors import LabError
from gameday.lab import process
from gameday.lab.hub import Hub, child_environment

ECHO = '''
"""A lab process for tests: applies snapshots, answers reports, forwards what it is told."""
import asyncio

async def main(channel, spec):
    state = {}
    channel.on("snapshot", lambda m: state.update(m["body"]))
    channel.on("report", lambda m: channel.send("answer", ask=m["ask"], status=dict(state)))

    async def publish(message):
        done = await channel.publish(message["target"], message["body"], within_s=5)
        channel.send("event", event={"kind": "published", "done": done})

    channel.on("publish", publish)
    if spec.get("fail"):
        raise RuntimeError("no such port")
    channel.send("ready", region=spec.get("region"))
    await asyncio.Event().wait()
'''


@asynccontextmanager
async def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple]:
    (tmp_path / "echo_role.py").write_text(ECHO)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    messages: list[dict] = []
    ended: list[str] = []
    it = Hub(tmp_path / "logs", messages.append, ended.append)
    try:
        yield it, messages, ended
    finally:
        await it.stop()


async def until(condition, within_s: float = 10.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)


def test_does_a_snapshot_reach_its_process_and_come_back_applied(tmp_path, monkeypatch) -> None:
    async def story() -> None:
        async with hub(tmp_path, monkeypatch) as (it, messages, _):
            a = await it.spawn("echo_role", {"name": "cloud"})
            b = await it.spawn("echo_role", {"name": "region/x", "region": "x"})
            assert (await asyncio.wait_for(b.ready, 20))["region"] == "x"
            await asyncio.wait_for(a.ready, 20)
            a.send({"kind": "publish", "target": "region/x", "body": {"tables": 3}})
            await until(lambda: messages)
            assert messages[0]["event"] == {"kind": "published", "done": True}
            assert await it.ask("region/x", within_s=10) == {"tables": 3}

    asyncio.run(story())


def test_does_a_stopped_process_not_block_its_control_plane(tmp_path, monkeypatch) -> None:
    async def story() -> None:
        async with hub(tmp_path, monkeypatch) as (it, _, _):
            child = await it.spawn("echo_role", {"name": "cloud"})
            await asyncio.wait_for(child.ready, 20)
            os.kill(child.process.pid, signal.SIGSTOP)
            assert await it.ask("cloud", within_s=0.2) is None

    asyncio.run(story())


def test_is_a_process_that_fails_to_start_named(tmp_path, monkeypatch) -> None:
    async def story() -> None:
        async with hub(tmp_path, monkeypatch) as (it, _, _):
            child = await it.spawn("echo_role", {"name": "dns", "fail": True})
            with pytest.raises(LabError, match="dns: RuntimeError: no such port"):
                await asyncio.wait_for(child.ready, 20)

    asyncio.run(story())


def test_is_the_end_of_a_process_noticed(tmp_path, monkeypatch) -> None:
    async def story() -> None:
        async with hub(tmp_path, monkeypatch) as (it, _, ended):
            child = await it.spawn("echo_role", {"name": "dns"})
            await asyncio.wait_for(child.ready, 20)
            child.process.kill()
            await until(lambda: ended == ["dns"])

    asyncio.run(story())


def test_is_the_end_of_a_process_noticed_that_left_messages_unread(tmp_path, monkeypatch) -> None:
    async def story() -> None:
        async with hub(tmp_path, monkeypatch) as (it, _, ended):
            child = await it.spawn("echo_role", {"name": "dns"})
            await asyncio.wait_for(child.ready, 20)
            child.process.send_signal(signal.SIGSTOP)
            child.send({"kind": "health", "checks": {}})
            await child.writer.drain()
            child.process.kill()  # its end of the channel is reset, not closed
            await until(lambda: ended == ["dns"])

    asyncio.run(story())


def test_do_lab_processes_never_see_the_callers_credentials(monkeypatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTPS_PROXY", "AWS_ENDPOINT_URL"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
    assert "mine" not in child_environment().values()


def test_is_every_role_a_module() -> None:
    for module in process.ROLES.values():
        assert module.startswith("gameday.lab.")
