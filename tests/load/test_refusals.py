"""What load cannot be made, and does one line say why?"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from fake_region import FakeDns

from gameday import settings
from gameday.controls.locustfile import why_ended
from gameday.load.options import load_options
from gameday.load.process import LoadProcess
from gameday.load.refusals import refusal

NAME = "api.example.test"


class Shopper:
    host: str | None = None
    tasks = (print,)

    def run(self) -> None: ...


Shopper.run.__module__ = "locust.user.users"


def environment(
    *classes: Any, host: str | None = f"https://{NAME}", users: int | None = None, shape: Any = None
) -> SimpleNamespace:
    return SimpleNamespace(
        parsed_options=SimpleNamespace(num_users=users), shape_class=shape, host=host,
        user_classes=list(classes) or [Shopper],
    )  # fmt: skip


def load(dns: FakeDns | None = None, **environ: str) -> LoadProcess:
    if dns:
        environ["GAMEDAY_DNS"] = f"127.0.0.1:{dns.address[1]}"
    return LoadProcess(settings.current(environ), load_options(environ={}))


def test_is_a_load_that_can_be_made_not_refused() -> None:
    with FakeDns({NAME: ["127.0.1.1"]}) as dns:
        assert refusal(environment(), load(dns)) is None
        assert refusal(environment(users=3), load(dns)) is None
        assert refusal(environment(users=0, shape=object()), load(dns)) is None
    assert refusal(environment(host="http://127.0.0.1:8080"), load()) is None


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (environment(users=0), "zero users"),
        (environment(host=None), "nothing to send to"),
        (environment(type("Idle", (Shopper,), {"tasks": ()})), "Idle has no task"),
        (
            environment(type("Old", (Shopper,), {"tasks": (), "task_set": print})),
            "Old has a task_set, as in Locust 0.x: since 1.0 it is `tasks = [...]`",
        ),
    ],
)
def test_is_what_would_send_nothing_refused(given: SimpleNamespace, says: str) -> None:
    assert says in str(refusal(given, load(), resolves=False))


def test_is_a_name_that_does_not_resolve_named_with_what_to_look_at() -> None:
    with FakeDns({}) as dns:
        line = refusal(environment(), load(dns))
        assert line == f"{NAME} does not resolve (NXDOMAIN); check GAMEDAY_ENDPOINT and --host"
        assert refusal(environment(), load(dns), resolves=False) is None  # the master has asked
        elsewhere = type("Elsewhere", (Shopper,), {"host": "https://nowhere.example.test"})
        assert "nowhere.example.test" in str(refusal(environment(elsewhere, host=None), load(dns)))


def test_has_a_user_class_its_own_way_to_run_without_tasks() -> None:
    class Runner(Shopper):
        tasks = ()

        def run(self) -> None: ...

    assert refusal(environment(Runner), load(), resolves=False) is None


@pytest.mark.parametrize(
    ("last", "says"),
    [
        ("ValueError: There are no users with weight > 0.", "zero users"),
        ("gameday: clients: there is no profile 'polled'", "there is no profile 'polled'"),
        ("ModuleNotFoundError: No module named 'yarl'", "the package yarl is not installed here"),
    ],
)
def test_is_what_locust_said_last_one_line_that_names_the_file(last: str, says: str) -> None:
    line = why_ended("shop.py", ["Traceback (most recent call last):", last])
    assert line is not None
    assert line.startswith("shop.py: ")
    assert says in line
