"""A lab seen from outside: bring one up, find it, ask it, end it. The command line's footing."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gameday import clock
from gameday.errors import LabError
from gameday.lab.config import LabConfig
from gameday.settings import parse_target_file

DOWN_WITHIN_S = 10.0

Phase = Callable[[dict[str, Any]], None]


class Handle:
    """A supervisor process that this process started."""

    def __init__(self, config: LabConfig, *, lifeline: bool) -> None:
        self.config = config
        logs = config.dir / "logs"
        if not is_up(config.dir):
            shutil.rmtree(logs, ignore_errors=True)  # logs are of one life of the lab
        logs.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=config.dir, suffix=".json", delete=False) as file:
            json.dump(asdict(config) | {"lifeline": lifeline}, file, default=str)
        with (config.dir / "logs" / "supervisor.log").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gameday.lab.lab", file.name],
                stdin=subprocess.PIPE if lifeline else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
            )
        self._config_file = Path(file.name)

    def wait_ready(self, on_phase: Phase) -> dict[str, Any]:
        """Wait until it serves; the `ready` message (`ready`: lab.env, `left_out`, `seconds`).

        :raises LabError: it did not start; the message is the supervisor's own, one line.
        """
        assert self.process.stdout is not None
        try:
            for line in self.process.stdout:
                message: dict[str, Any] = json.loads(line)
                if "ready" in message:
                    return message
                if "error" in message:
                    raise _with_code(LabError(message["error"]), message["exit_code"])
                on_phase(message)
        except BaseException:
            self.stop()
            raise
        finally:
            self._config_file.unlink(missing_ok=True)
        self.process.wait()
        log = self.config.dir / "logs" / "supervisor.log"
        raise LabError(f"the lab's supervisor ended while starting; its log is {log}")

    def stop(self) -> None:
        """End it and wait until nothing of it is left."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(DOWN_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


def _with_code(error: LabError, code: int) -> LabError:
    error.exit_code = code
    return error


def is_up(folder: Path) -> bool:
    """Whether a live supervisor holds the lab in `folder`."""
    try:
        fd = os.open(folder / "lab.lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


def environment(folder: Path) -> dict[str, str]:
    """The settings of the running lab in `folder`.

    :raises LabError: no lab is up there.
    """
    if not is_up(folder) or not (folder / "lab.env").exists():
        raise LabError(f"no lab named {folder.name} is up; `gameday lab up` starts one")
    return parse_target_file(folder / "lab.env")


def call(env: dict[str, str], method: str, path: str, body: Any = None) -> dict[str, Any]:
    """One request to the management API of the lab that `env` describes.

    :raises LabError: it refuses, or does not answer.
    """
    token = Path(env["GAMEDAY_TOKEN_FILE"]).read_text()
    data = None if body is None else json.dumps(body).encode()
    return _answer(env["GAMEDAY_ADMIN"] + path, method, data, {"Authorization": f"Bearer {token}"})


def zones(env: dict[str, str]) -> dict[str, Any]:
    """What the name server of the lab that `env` describes serves, as a snapshot's body.

    :raises LabError: it refuses, or does not answer.
    """
    token = Path(env["GAMEDAY_TOKEN_FILE"]).read_text()
    return _answer(env["AWS_ENDPOINT_URL"] + "/_gameday/zones", headers={"x-gameday-token": token})


def _answer(
    url: str, method: str = "GET", data: bytes | None = None, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    request = urllib.request.Request(url, data, headers or {}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=15) as response:
            answer: dict[str, Any] = json.load(response)
            return answer
    except urllib.error.HTTPError as error:
        with error:
            raise LabError(json.load(error)["error"]) from None
    except OSError as error:
        raise LabError(f"the lab does not answer at {url}: {error}") from None


def down(folder: Path) -> None:
    """End the lab in `folder` and wait until its supervisor is gone.

    :raises LabError: none is up, or it does not end.
    """
    call(environment(folder), "POST", "/down")
    if not clock.Clock().wait_for(lambda: not is_up(folder), DOWN_WITHIN_S, every_s=0.05):
        raise LabError(f"lab {folder.name} did not end within {DOWN_WITHIN_S:.0f} s")


@contextlib.contextmanager
def running(config: LabConfig, on_phase: Phase) -> Iterator[dict[str, Any]]:
    """A lab for the length of the block, which ends with this process however that ends."""
    handle = Handle(config, lifeline=True)
    try:
        yield handle.wait_ready(on_phase)
    finally:
        handle.stop()


def names(root: Path) -> list[str]:
    """The labs of project `root` that are up."""
    return sorted(p.parent.name for p in root.glob(".gameday/*/lab.lock") if is_up(p.parent))
