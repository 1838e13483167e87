"""What keeps us away from real accounts: early returns, each saying `not running: <reason>`.

For now the only place that may be changed is a lab on loopback; an endpoint elsewhere, or none
(which means Amazon), is refused before a client exists.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from gameday.errors import Refused
from gameday.settings import Target

_START_A_LAB = "start a lab and use its env file: gameday lab run -- COMMAND"


def refuse_foreign_endpoint(endpoint: str | None) -> None:
    """Return if the AWS API that `endpoint` names is a lab's on loopback.

    :raises Refused: no endpoint (boto3 would call Amazon) or one that is not loopback.
    """
    if endpoint is None:
        raise Refused(f"AWS_ENDPOINT_URL is not set, so this would call AWS; {_START_A_LAB}")
    if not is_loopback(endpoint):
        raise Refused(f"AWS_ENDPOINT_URL is not a lab on loopback: {endpoint}; {_START_A_LAB}")


def refuse_without_lab(target: Target, what: str) -> None:
    """Return if the lab's management door is there and on loopback.

    :raises Refused: the target is AWS, which has nothing that does `what`.
    """
    if not target.is_lab or target.admin is None:
        raise Refused(f"{what} works in the lab only and GAMEDAY_ADMIN is not set; {_START_A_LAB}")
    if not is_loopback(target.admin):
        raise Refused(f"GAMEDAY_ADMIN is not on loopback: {target.admin}")


def is_loopback(url: str) -> bool:
    """Whether the host of `url` is `localhost` or a literal loopback address."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
