"""A locustfile for the routes of a template: reads run at once, the rest waits to be filled in.

A write with an invented body would be answered 400, and the baseline would never hold; so only
reads without path parameters are tasks from the start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gameday.templates import Route

_HEAD = '''"""Traffic on {name}: which requests its clients make, and how often.

locust -f loadtests/{name}.py [--headless] [--clients pooled=100] [--rate 8] [--run-time 60]
"""

from locust import task

from gameday.load.user import FailoverUser


class {class_name}(FailoverUser):
    """One client. `@task(3)` runs three times as often as `@task(1)`."""
'''

_READ = """
    @task(1)
    def {function}(self) -> None:
        self.client.get("{path}", name="{path}")
"""

_WAITING = """
    # @task(1)    # {why}
    def {function}(self) -> None:
        self.client.{verb}("{path}", name="{path}"{body})
"""

_VERBS = ("get", "post", "put", "patch", "delete")


def locustfile(name: str, routes: Iterable[Route]) -> str:
    """The text of `loadtests/<name>.py`."""
    known = sorted(set(_plain(routes)), key=lambda r: (r.path, _VERBS.index(r.method.lower())))
    if not any(_is_task(r) for r in known):
        known.insert(0, Route("GET", "/", ""))
    class_name = "".join(part.title() for part in name.split("_")) + "User"
    head = _HEAD.format(name=name, class_name=class_name)
    return head + "".join(_method(route) for route in known)


def _plain(routes: Iterable[Route]) -> Iterable[Route]:
    """Routes a client can call: ANY as GET; catch-alls of other methods say nothing."""
    for route in routes:
        method = "GET" if route.method == "ANY" else route.method
        if method.lower() in _VERBS and route.path.startswith("/"):
            yield Route(method, route.path, "")


def _is_task(route: Route) -> bool:
    return route.method == "GET" and "{" not in route.path


def _method(route: Route) -> str:
    verb = route.method.lower()
    words = re.findall(r"[a-z0-9]+", route.path.lower()) or ["root"]
    function = "_".join([verb, *words])
    if _is_task(route):
        return _READ.format(function=function, path=route.path)
    missing = []
    if "{" in route.path:
        missing.append("a path that exists")
    if verb in ("post", "put", "patch"):
        missing.append("a body the API accepts")
    why = f"fill in {' and '.join(missing)}" if missing else "make sure it may run again and again"
    body = ", json={}" if verb in ("post", "put", "patch") else ""
    return _WAITING.format(why=why, function=function, verb=verb, path=route.path, body=body)
