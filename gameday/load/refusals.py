"""What no load can be made of: found before the first request, and said in one line.

Locust itself would send nothing, or fail every request, and end as if all were well.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import dns.inet

from gameday.load.process import LoadProcess
from gameday.name_servers import Lookups
from gameday.resolver import DnsFailure


def refusal(environment: Any, load: LoadProcess, resolves: bool = True) -> str | None:
    """Why this load cannot be made, None when it can.

    :param environment: Locust's, with the host that its users have unless their class names one.
    :param resolves: whether the hosts are looked up; a worker leaves that to its master.
    """
    if environment.parsed_options.num_users == 0 and environment.shape_class is None:
        return "zero users send nothing; leave --users away for as many as there are clients"
    if not all(environment.host or c.host for c in environment.user_classes):
        return "nothing to send to: set GAMEDAY_ENDPOINT, or name a host with --host"
    if reason := idle(environment.user_classes):
        return reason
    return _unknown(_names(environment), load) if resolves else None


def idle(user_classes: Iterable[Any]) -> str | None:
    """Why users of these classes would do nothing, None when all have something to do."""
    for user_class in user_classes:
        if user_class.tasks or not user_class.run.__module__.startswith("locust."):
            continue
        if hasattr(user_class, "task_set"):
            return (
                f"{user_class.__name__} has a task_set, as in Locust 0.x: since 1.0 it is "
                "`tasks = [...]`, and min_wait and max_wait are `wait_time = between(...)`"
            )
        return f"{user_class.__name__} has no task; mark a method with @task"
    return None


def _names(environment: Any) -> set[str]:
    """The names of all hosts; a URL without one is left to Locust's own check."""
    hosts = {environment.host or c.host for c in environment.user_classes}
    return {name for host in hosts if (name := urlsplit(host).hostname)}


def _unknown(names: set[str], load: LoadProcess) -> str | None:
    lookup = Lookups(load.target).near(load.networks[0].cidr)
    for name in sorted(n for n in names if not dns.inet.is_address(n)):
        try:
            answer = lookup(name)
        except DnsFailure as failure:
            return str(failure)
        if not answer.addresses:
            return f"{name} does not resolve ({answer.rcode}); check GAMEDAY_ENDPOINT and --host"
    return None
