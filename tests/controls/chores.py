"""Activities for experiments of these tests; `chaos` imports them by this name."""

from __future__ import annotations

import os
import time
from pathlib import Path

from botocore.exceptions import ClientError


def wait(seconds: float, begun: str | None = None, ended: str | None = None) -> None:
    """Sleep; the files `begun` and `ended` tell that it was."""
    if begun:
        Path(begun).touch()
    time.sleep(seconds)
    if ended:
        Path(ended).touch()


def wait_for(path: str, within_s: float = 30.0) -> None:
    """Return when the file is there, or when the time is over."""
    deadline = time.monotonic() + within_s
    while not Path(path).exists() and time.monotonic() < deadline:
        time.sleep(0.05)


def write(path: str, text: str) -> None:
    """Make the file hold `text`."""
    Path(path).write_text(text)


def number(path: str) -> int:
    """The number in the file; it is an error when there is none."""
    return int(Path(path).read_text())


def shout(words: list[str]) -> None:
    """Print what the environment has under these names, and fail with it."""
    said = " ".join(os.environ[word] for word in words)
    print(said, flush=True)
    raise RuntimeError(said)


def fail_with(secrets: dict[str, str]) -> None:
    """Fail with what Chaos Toolkit handed over."""
    raise RuntimeError(f"cannot log in with {secrets}")


def denied(authorization: str) -> None:
    """Fail as AWS does when a signature is wrong."""
    token = os.environ["AWS_SESSION_TOKEN"]
    error = {
        "Code": "SignatureDoesNotMatch",
        "Message": f"GET\n/\nx-amz-security-token:{token}\nauthorization:{authorization}",
    }
    raise ClientError({"Error": error}, "GetFunctionConcurrency")
