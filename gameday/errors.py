"""One error tree; each class says in one sentence what went wrong, each message names the remedy.

Errors meant for people derive from `GamedayError`. The command line prints `str(error)` on one
line and exits with `exit_code`; anything else is a defect and keeps its traceback.
"""


class GamedayError(Exception):
    """Something the user can understand and mend."""

    exit_code = 3


class UsageError(GamedayError):
    """What was asked for is not well-formed: an unknown name, a bad value, an unreadable file."""

    exit_code = 2


class TemplateError(UsageError):
    """A template or `stacks.yaml` cannot be deployed as it stands; names file and logical id."""


class TargetError(UsageError):
    """A target's env file is malformed or lacks a setting; names the file and the line."""


class LabError(GamedayError):
    """The lab could not start, or a part of it died."""


class Refused(GamedayError):
    """A guard said no. The message reads `not running: <reason>`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"not running: {reason}")


class AwsError(GamedayError):
    """An AWS API call failed, or its effect did not show in time."""


class RunError(GamedayError):
    """A run has no verdict: a number or a mark that it needs is missing."""


class RunStopped(GamedayError):
    """Somebody or something stopped the run before its end."""

    exit_code = 4
