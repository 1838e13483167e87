"""Clients of the AWS API for actions, probes and controls, each with an explicit Region.

boto3's default session remembers the first profile, so this process has one of its own. Creating
clients is slow and not safe in threads, using them is both fast and safe ("Clients", boto3 guide):
each is created once, under a lock, and kept.
"""

from __future__ import annotations

import functools
import ipaddress
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from chaoslib.exceptions import ActivityFailed

from gameday import settings
from gameday.errors import AwsError, GamedayError, Refused

P = ParamSpec("P")
R = TypeVar("R")

ORDINARY = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 3})
QUICK = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})
"""For undo: a Region that is cut must not hold up the others for minutes."""

GLOBAL_REGION = "us-east-1"
"""Where Route 53's API lives, whichever Region is meant."""

START_A_LAB = "start a lab and use its env file: gameday lab run -- COMMAND"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the AWS API, with those of its parameters that are text."""

    service: str
    operation: str
    region: str
    names: tuple[tuple[str, str], ...]


_lock = threading.Lock()
_sessions: list[Any] = []
_clients: dict[tuple[str, str, bool, str | None], Any] = {}
_recorders: list[list[Call]] = []


def client(service: str, region: str, *, quick: bool = False) -> Any:
    """The boto3 client of `service` in `region`, which any thread may use.

    `quick` is the variant for undo: connect 2 s, read 5 s, two attempts.

    :raises Refused: `AWS_ENDPOINT_URL` is not a lab on loopback.
    """
    endpoint = settings.current().aws_endpoint
    refuse_foreign_endpoint(endpoint)
    key = (service, region, quick, endpoint)
    with _lock:
        if key not in _clients:
            if not _sessions:
                _sessions.append(boto3.session.Session())
            _clients[key] = _sessions[0].client(
                service,
                region_name=region,
                endpoint_url=endpoint,
                config=QUICK if quick else ORDINARY,
            )
            _record(_clients[key], service, region)
        return _clients[key]


def _record(api: Any, service: str, region: str) -> None:
    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        names = tuple(sorted((k, v) for k, v in params.items() if isinstance(v, str)))
        for calls in _recorders:
            calls.append(Call(service, model.name, region, names))

    api.meta.events.register("before-parameter-build", note)


@contextmanager
def recorded() -> Iterator[list[Call]]:
    """Every call that this process makes in the block, through any client of `client`."""
    calls: list[Call] = []
    _recorders.append(calls)
    try:
        yield calls
    finally:
        _recorders.pop()


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn botocore's errors within the block into one line: what was done, code, message.

    :raises AwsError: in place of botocore's ClientError and BotoCoreError.
    """
    try:
        yield
    except ClientError as e:
        error = e.response.get("Error", {})
        code, message = error.get("Code", "?"), error.get("Message", "")
        raise AwsError(f"{doing}: {code}: {message}") from e
    except BotoCoreError as e:
        raise AwsError(f"{doing}: {e}") from e


def activity(function: Callable[P, R]) -> Callable[P, R]:
    """Chaos Toolkit's boundary: an error of ours leaves a probe or an action as ActivityFailed."""

    @functools.wraps(function)
    def bounded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with translated(function.__name__):
                return function(*args, **kwargs)
        except Refused as e:
            raise ActivityFailed(str(e)) from e
        except GamedayError as e:
            raise ActivityFailed(f"{function.__name__}: {e}") from e

    return bounded


def is_missing(error: ClientError) -> bool:
    """Whether the API said that the thing asked for is not there."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return code.startswith(("ResourceNotFound", "NoSuch", "NotFound")) or code == "404"


def refuse_foreign_endpoint(endpoint: str | None) -> None:
    """Return if the AWS API that `endpoint` names is a lab's on loopback.

    :raises Refused: no endpoint (boto3 would call Amazon) or one that is not loopback.
    """
    if endpoint is None:
        raise Refused(f"AWS_ENDPOINT_URL is not set, so this would call AWS; {START_A_LAB}")
    if not is_loopback(endpoint):
        raise Refused(f"AWS_ENDPOINT_URL is not a lab on loopback: {endpoint}; {START_A_LAB}")


def is_loopback(url: str) -> bool:
    """Whether the host of `url` is `localhost` or a literal loopback address."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
