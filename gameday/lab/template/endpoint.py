"""The lab's AWS endpoint as the deployer uses it: clients, errors, and the register of stacks."""

from __future__ import annotations

import http.client
import json
import os
import urllib.parse
from collections.abc import Mapping
from typing import Any

import boto3
import botocore.config
import botocore.exceptions
import botocore.session

from gameday.errors import LabError, TemplateError

_NOTHING_OF_THE_CALLER = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""No profile and no files: a stale AWS_PROFILE must not stop a lab, nor a real key reach it."""


_WRONG_SHAPE = (KeyError, TypeError, AttributeError, ValueError, IndexError)
"""What a handler stumbles over where a property is of another shape, or lacks a member."""


class Clients:
    """boto3 clients for the lab, one for each service and Region."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._session = boto3.session.Session(
            aws_access_key_id="gameday", aws_secret_access_key="gameday",
            botocore_session=botocore.session.Session(session_vars=_NOTHING_OF_THE_CALLER),
        )  # fmt: skip
        self._config = botocore.config.Config(
            connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 2},
            s3={"addressing_style": "path"}, ignore_configured_endpoint_urls=True,
        )  # fmt: skip
        self._made: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str) -> Any:
        """The client of `service` in `region`."""
        if (service, region) not in self._made:
            self._made[service, region] = self._session.client(
                service, region, endpoint_url=self.endpoint, config=self._config
            )
        return self._made[service, region]


class Naming:
    """The boundary to boto3: every error leaves as ours, with the place that caused it."""

    def __init__(self, place: str, endpoint: str) -> None:
        self.place, self.endpoint = place, endpoint

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if isinstance(error, TemplateError):
            raise TemplateError(f"{self.place}: {error}") from error
        if isinstance(error, botocore.exceptions.ClientError):
            said = error.response["Error"]
            raise TemplateError(f"{self.place}: {said['Code']}: {said['Message']}") from error
        if isinstance(error, botocore.exceptions.ParamValidationError):
            raise TemplateError(f"{self.place}: {' '.join(str(error).split())}") from error
        if isinstance(error, _WRONG_SHAPE):
            said = f"{type(error).__name__}: {error}"
            raise TemplateError(
                f"{self.place}: a property is written the wrong way ({said})"
            ) from error
        unreachable = (botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError)
        if isinstance(error, unreachable):
            raise LabError(f"{self.place}: the lab at {self.endpoint} does not answer") from error


def register(endpoint: str, token: str, body: Mapping[str, Any], door: str = "stacks") -> Any:
    """Tell the lab's endpoint of a stack, so that its CloudFormation can describe it.

    `door` is another of the endpoint's `/_gameday/` doors; what it answers comes back.

    :raises LabError: the endpoint does not answer, or refuses.
    """
    address = urllib.parse.urlsplit(endpoint)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    headers = {"content-type": "application/json", "x-gameday-token": token}
    try:
        connection.request("PUT", f"/_gameday/{door}", json.dumps(body), headers)
        response = connection.getresponse()
        status, answer = response.status, response.read()
    except OSError as e:
        raise LabError(f"the lab at {endpoint} does not answer: {e}") from e
    finally:
        connection.close()
    if status >= 300:
        what = f"{door.rstrip('s')} {body['name']}"
        raise LabError(f"the lab at {endpoint} did not take {what}: {status}")
    return json.loads(answer or b"{}")
