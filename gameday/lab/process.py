"""How every lab process begins and ends: `python -m gameday.lab.process ROLE FD PARENT_PID`.

A role of the table below, or any module by name, has `async def main(channel, spec)`, which sends
`ready` when it serves and then runs until it is cancelled. A process ends with its supervisor,
however that died: the channel reports end of file, and on Linux the kernel sends SIGKILL.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import signal
import sys

from gameday.errors import GamedayError
from gameday.lab.channel import Channel
from gameday.lab.log import log, to_stderr
from gameday.parent import end_with_parent

ROLES = {
    "cloud": "gameday.lab.cloud.main",
    "dns": "gameday.lab.dns",
    "checkers": "gameday.lab.checkers",
    "region": "gameday.lab.region",
}


async def serve(role: str, fd: int) -> None:
    """Run `role` until the channel ends."""
    channel = await Channel.inherited(fd)
    spec = (await channel.first())["spec"]
    to_stderr(spec["name"])
    main = importlib.import_module(ROLES.get(role, role)).main
    work = asyncio.create_task(main(channel, spec))
    link = asyncio.create_task(channel.run())
    done, _ = await asyncio.wait({work, link}, return_when=asyncio.FIRST_COMPLETED)
    if work in done and work.exception():
        error = work.exception()
        log.error("%s", error, exc_info=error)
        ours = isinstance(error, GamedayError)  # for people, as it is
        channel.send("failed", error=str(error) if ours else f"{type(error).__name__}: {error}")
        await asyncio.sleep(0.1)  # let the line leave before the process does
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await work


def run(role: str, fd: int, parent_pid: int) -> None:
    """Become lab process `role`."""
    end_with_parent(parent_pid, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is the supervisor's
    gc.set_threshold(50_000, 20, 50)
    try:
        import uvloop
    except ImportError:  # no wheel for this platform
        asyncio.run(serve(role, fd))
    else:
        uvloop.run(serve(role, fd))


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
