"""Users of a locustfile that knows nothing of us: they keep their ways and get our clients.

Each user of an HttpUser or FastHttpUser class becomes one client of the plan, with its profile,
network and resolver cache. When it sends is its own affair: such a load is *closed*, a request that
is not asked for while another one hangs is never offered, and that is said of it.
"""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

import requests
from geventhttpclient.response import HTTPParseError
from locust import FastHttpUser
from locust.clients import HttpSession
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from gameday import clock
from gameday.load.connection import Trip
from gameday.load.process import LoadProcess
from gameday.load.session import Answered, FailoverSession

NOT_PASSED_ON = frozenset({"host", "connection", "content-length"})
"""Headers that our client makes itself."""


class Adopted:
    """What stands beside a user that is not a `FailoverUser`: its client, and how it begins."""

    def __init__(self, environment: Any, load: LoadProcess) -> None:
        self.environment, self.load = environment, load
        self.who = load.next_client()
        self.pool = load.connections(self.who)
        self.outcome = ""

    def begin(self) -> Trip:
        """A request starts now, and was meant to."""
        intended = self.load.recorder.begin_extra()
        self.pool.trip = Trip(intended, clock.monotonic())
        return self.pool.trip


class Adapter(HTTPAdapter):
    """Sends what `requests` prepared over the client of an adopted user."""

    def __init__(self, adopted: Adopted) -> None:
        super().__init__()
        self._adopted = adopted

    def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:
        """One request and its whole answer, with the errors that `requests` has for them."""
        self._adopted.begin()
        parts = urlsplit(request.url)
        path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        sent = {k: v for k, v in request.headers.items() if k.lower() not in NOT_PASSED_ON}
        try:
            client = self._adopted.pool.get_client(request.url)
            answer = client.request(request.method, path, body=request.body or b"", headers=sent)
        except (OSError, HTTPParseError) as error:
            kind = requests.Timeout if isinstance(error, TimeoutError) else requests.ConnectionError
            known = kind(error, request=request)
            known.__dict__["original"] = error  # for `outcome.innermost`
            raise known from error
        raw = HTTPResponse(
            body=io.BytesIO(bytes(answer.read())),
            headers=HTTPHeaderDict(answer.items()),
            status=answer.status_code,
            preload_content=False,
        )
        return self.build_response(request, raw)


def adopt(user_class: Any, load: LoadProcess) -> None:
    """Make every user of a class a client of the load; its host, if it is ours, gets our port."""
    host = user_class.host
    if host and urlsplit(host).hostname == load.target.endpoint:
        user_class.host = load.default_host()
    made = user_class.__init__

    def make(user: Any, environment: Any) -> None:
        made(user, environment)
        if not isinstance(user.client, FailoverSession):
            _take(user, Adopted(environment, load))

    user_class.__init__ = make


def _take(user: Any, adopted: Adopted) -> None:
    if isinstance(user, FastHttpUser):
        user.client = FailoverSession(
            adopted, base_url=user.host, user=user, max_retries=user.max_retries,
            max_redirects=user.max_redirects,
        )  # fmt: skip
    elif isinstance(getattr(user, "client", None), HttpSession):
        user.client.request_event = Answered(adopted)
        for scheme in ("https://", "http://"):
            user.client.mount(scheme, Adapter(adopted))
