"""`undo.sh` of a run: plain `aws` commands that put everything back without this tool."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

from gameday import settings
from gameday.undo import disk
from gameday.undo.setting import Setting, Value


def write(path: Path, changes: Iterable[tuple[Setting, Value]]) -> None:
    """Write the script that gives each setting its value, the last of `changes` first.

    :raises OSError: it cannot be written.
    """
    lines = [
        "#!/bin/sh",
        "# Puts back what this run changed, the last change first. It may be run twice.",
        *_environment(settings.current()),
    ]
    for setting, before in reversed(list(changes)):
        lines += [f"# {setting}", *setting.commands(before)]
    disk.replace(path, "\n".join(lines) + "\n", 0o700)


def _environment(target: settings.Target) -> list[str]:
    """Lines that make `aws` speak to the run's target: a lab's must never reach Amazon."""
    if not target.is_lab or target.aws_endpoint is None:
        return ["# Needs credentials of the account and the Regions named below."]
    return [
        f"export AWS_ENDPOINT_URL={shlex.quote(target.aws_endpoint)}",
        "export AWS_ACCESS_KEY_ID=gameday AWS_SECRET_ACCESS_KEY=gameday",
        "unset AWS_PROFILE AWS_SESSION_TOKEN",
        # before 2.13 and 1.29 the command does not know AWS_ENDPOINT_URL and would call Amazon
        'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }',
    ]
