"""What sends a user's requests and completes the report of each, whoever wrote the user."""

from __future__ import annotations

from typing import Any, Protocol

from locust.contrib.fasthttp import FastHttpSession

from gameday.load.client import ClientPool
from gameday.load.connection import Trip
from gameday.load.cookies import Cookies
from gameday.load.outcome import outcome_of
from gameday.load.process import LoadProcess
from gameday.load.schedule import Client


class Sender(Protocol):
    """Whose requests they are: a `FailoverUser`, or what stands beside a user that is not one."""

    environment: Any
    load: LoadProcess
    who: Client
    pool: ClientPool
    outcome: str

    def begin(self) -> Trip:
        """A request starts now."""
        ...


class Answered:
    """Stands for Locust's request event: completes each report before Locust hears of it."""

    def __init__(self, user: Sender) -> None:
        self._user = user

    def fire(self, **report: Any) -> None:
        """Record the request; Locust sees it timed from its intended start and with its Region."""
        user = self._user
        trip = (report.get("context") or {}).get("trip") or user.pool.trip
        response = report.get("response")
        status = getattr(response, "status_code", 0) or 0
        if report["exception"] is not None and not status:
            # No answer came: whatever a check said of it is void, and Locust shows the real cause.
            report["exception"] = getattr(response, "error", None) or report["exception"]
        error = report["exception"]
        outcome = outcome_of(error, status, trip.phase, misrouted=trip.misrouted)
        user.outcome = outcome
        region = user.load.region(trip)
        report["response_time"] = user.load.recorder.answer(
            user.who, region, outcome, trip.intended, trip.started, trip.resent
        )
        report["name"] = f"{report['name']} [{region}]"
        user.environment.events.request.fire(**report)


class FailoverSession(FastHttpSession):  # type: ignore[misc]
    """A session that begins a turn of its sender with each request."""

    def __init__(self, sender: Sender, **options: Any) -> None:
        super().__init__(request_event=Answered(sender), client_pool=sender.pool, **options)
        self._sender = sender
        self.cookiejar = self.client.cookiejar = Cookies()

    def request(self, method: str, url: str, **options: Any) -> Any:
        """Send a request; the parameters are FastHttpSession's."""
        trip = self._sender.begin()
        options["context"] = {**options.get("context", {}), "trip": trip}
        return super().request(method, url, **options)
