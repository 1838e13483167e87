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
import botocore.session
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound
from chaoslib.exceptions import ActivityFailed

from gameday import settings
from gameday.errors import AwsError, GamedayError, Refused, TargetError
from gameday.limits import ROUTE_53
from gameday.settings import Target

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
_sessions: dict[str | None, Any] = {}
_clients: dict[tuple[str, str, bool, str | None, str | None], Any] = {}
_recorders: list[list[Call]] = []


def client(service: str, region: str, *, quick: bool = False) -> Any:
    """The boto3 client of `service` in `region`, which any thread may use.

    It has the credentials that GAMEDAY_CREDENTIALS names for the Region (for Route 53: under
    `route53`), else those of the process. `quick` is the variant for undo: connect 2 s, read 5 s,
    two attempts.

    :raises Refused: neither a lab's endpoint nor a target that says it is AWS.
    :raises TargetError: an AWS profile that is not there.
    """
    return _client(service, region, ROUTE_53 if service == ROUTE_53 else region, quick)


def account(place: str) -> str:
    """The account that calls in `place` (a Region, or `route53`) are made in.

    :raises AwsError: nobody can tell.
    """
    region = GLOBAL_REGION if place == ROUTE_53 else place
    with translated(f"GetCallerIdentity for {place}"):
        return str(_client("sts", region, place, True).get_caller_identity()["Account"])


def _client(service: str, region: str, place: str, quick: bool) -> Any:
    target = settings.current()
    refuse_unmeant(target)
    endpoint, who = target.aws_endpoint, target.limits.credentials.get(place)
    key = (service, region, quick, endpoint, who)
    with _lock:
        if key not in _clients:
            if who not in _sessions:
                _sessions[who] = _session(who, region)
            _clients[key] = _sessions[who].client(
                service,
                region_name=region,
                endpoint_url=endpoint,
                config=QUICK if quick else ORDINARY,
            )
            _record(_clients[key], service, region)
        return _clients[key]


def _session(who: str | None, region: str) -> Any:
    """A session as the process is, with a profile, or in a role that is assumed anew in time."""
    if who is None or not who.startswith("arn:"):
        try:
            return boto3.session.Session(profile_name=who)
        except ProfileNotFound as e:
            where = "GAMEDAY_CREDENTIALS" if who else "AWS_PROFILE"
            raise TargetError(f"{where}: {e}; see `aws configure list-profiles`") from e
    source = botocore.session.Session()
    credentials = source.get_credentials()
    if credentials is None:
        raise TargetError(f"GAMEDAY_CREDENTIALS: no credentials to assume {who} with")
    endpoint = settings.current().aws_endpoint
    role = AssumeRoleCredentialFetcher(
        functools.partial(source.create_client, region_name=region, endpoint_url=endpoint),
        credentials,
        who,
        extra_args={"RoleSessionName": "gameday"},
    )
    assumed = botocore.session.Session()
    assumed._credentials = DeferredRefreshableCredentials(role.fetch_credentials, "assume-role")
    return boto3.session.Session(botocore_session=assumed)


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


def refuse_unmeant(target: Target) -> None:
    """Return if the AWS API that would be called is a lab's on loopback, or Amazon's and meant.

    :raises Refused: an endpoint elsewhere; or none (boto3 would call Amazon) where GAMEDAY_TARGET
        names no AWS target, or where the clock is to go faster than Amazon's.
    """
    if target.aws_endpoint is None:
        if not target.is_aws:
            raise Refused(
                f"AWS_ENDPOINT_URL is not set, so this would call AWS; {START_A_LAB}, or name the "
                "target with GAMEDAY_TARGET (docs/guards.md)"
            )
        if target.speed != 1.0:
            raise Refused(f"GAMEDAY_SPEED={target.speed:g}: Amazon's clock cannot be hurried")
    elif not is_loopback(target.aws_endpoint):
        raise Refused(
            f"AWS_ENDPOINT_URL is not a lab on loopback: {target.aws_endpoint}; {START_A_LAB}"
        )


def is_loopback(url: str) -> bool:
    """Whether the host of `url` is `localhost` or a literal loopback address."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
