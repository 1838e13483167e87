"""An account played by the lab: a dry run first, refusals, then a run that is stopped from afar.

Nothing here has met Amazon: the endpoint is the lab's, and only GAMEDAY_TARGET says that real
accounts are meant.
"""

from __future__ import annotations

import fnmatch
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from gameday.clock import Clock

pytestmark = pytest.mark.scenario

PLACE = "123456789012:us-east-1"
OF_A_LAB = ("GAMEDAY_ADMIN", "GAMEDAY_TOKEN_FILE", "GAMEDAY_LAB", "GAMEDAY_TARGET")
FIRST = "experiments/health-check-failure.yaml"


@pytest.fixture
def staging(project) -> Iterator[str]:
    """A target file that makes a running lab an account."""
    up = project.gameday("lab", "up", "--speed", "4")
    assert up.returncode == 0, up.stderr
    lines = (project.root / ".gameday/default/lab.env").read_text().splitlines()
    mine = ["GAMEDAY_TARGET=staging", f"GAMEDAY_ALLOW={PLACE}", "GAMEDAY_RUNNER_REGION=outside"]
    kept = [line for line in lines if not line.startswith(OF_A_LAB)]
    (project.root / "staging.env").write_text("\n".join([*kept, *mine]) + "\n")
    try:
        yield "staging.env"
    finally:
        project.gameday("lab", "down")


@pytest.fixture
def channel() -> Iterator[tuple[str, list[str]]]:
    """A webhook in Slack's form: its URL, and the first line of each message it got."""
    got: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            got.append(body["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/secret", got
    server.shutdown()
    server.server_close()
    thread.join()


def test_is_nothing_hit_that_was_not_confirmed_and_can_it_be_stopped_from_afar(
    project, staging: str, channel: tuple[str, list[str]]
) -> None:
    url, got = channel
    target = ("--target", staging)
    policies_are_those_of_the_runner(project, staging)

    dry = project.gameday("run", FIRST, *target)
    assert dry.returncode == 0, dry.stdout + dry.stderr
    assert f"nothing is changed without --confirm {PLACE}" in dry.stdout
    assert not (project.root / "reports").exists()

    early = project.gameday("run", "experiments/region-outage.yaml", *target)
    assert early.returncode == 3
    assert "health-check-failure and planned-evacuation did not pass" in early.stderr

    wrong = project.gameday("run", FIRST, *target, "--confirm", "123456789012:eu-west-1")
    assert wrong.returncode == 3
    assert f"not running: --confirm 123456789012:eu-west-1 is not what would be hit; that is "\
           f"--confirm {PLACE}" in wrong.stderr  # fmt: skip

    with (project.root / staging).open("a") as file:
        file.write(f"GAMEDAY_ANNOUNCE=slack:{url}\n")
    running = project.start("run", FIRST, *target, "--confirm", PLACE, "--approved-by", "Grace")
    assert Clock().wait_for(lambda: bool(project.events("fault.applied")), 120.0), got
    stop = project.gameday("stop", *target, "--reason", "customers complain")
    assert stop.returncode == 0, stop.stderr
    output = running.communicate(timeout=120)[0]
    assert running.returncode == 4, output[-3000:]
    the_run_says_so(project, got)

    refused = project.gameday("run", FIRST, *target, "--confirm", PLACE)
    assert refused.returncode == 3
    assert "is set (customers complain" in refused.stderr
    assert project.gameday("stop", *target, "--release").returncode == 0
    assert project.gameday("run", FIRST, *target).returncode == 0


def the_run_says_so(project, got: list[str]) -> None:
    found = project.findings()
    assert found["sentence"].startswith(
        "Stopped: the kill switch /gameday/gameday/kill-switch was set: customers complain"
    )
    run = found["run"]
    assert (run["approved_by"], run["accounts"], run["level"]) == (
        "Grace", {"us-east-1": "123456789012"}, 2,
    )  # fmt: skip
    guards = json.loads((project.latest / "guard.json").read_text())
    assert guards["passed"] is True
    assert guards["answers"]["confirmation"]["text"] == PLACE
    (back,) = project.events("put.back")
    assert back["equal"] == back["settings"] == 1
    assert Clock().wait_for(lambda: len(got) == 3, 30.0), got
    assert [text.split(":")[0] for text in got] == [
        "GameDay started", "GameDay was stopped", "GameDay ended",
    ]  # fmt: skip
    assert "approved by Grace; in 123456789012:us-east-1" in got[0]
    for path in project.latest.rglob("*"):
        assert not path.is_file() or b"/secret" not in path.read_bytes(), path


def policies_are_those_of_the_runner(project, staging: str) -> None:
    """Whatever the plans of the staging job need is what deploy/runner.yaml allows."""
    allowed = statements(project)
    for name in ("health-check-failure", "planned-evacuation", "region-outage"):
        done = project.gameday("plan", f"experiments/{name}.yaml", "--target", staging, "--iam")
        assert done.returncode == 0, done.stderr
        for statement in json.loads(done.stdout)["Statement"]:
            for action in statement["Action"]:
                for resource in statement["Resource"]:
                    if ":user/" in resource:  # the lab's caller; the runner is a role
                        continue
                    assert any(
                        action in actions and fnmatch.fnmatchcase(resource, pattern)
                        for actions, pattern in allowed
                    ), f"{action} on {resource}"


def statements(project) -> list[tuple[list[str], str]]:
    """(actions, resource) of deploy/runner.yaml; a parameter stands for anything."""
    text = (project.root / "deploy" / "runner.yaml").read_text()
    body = yaml.load(text, Loader=_Functions)
    found = []
    for policy in body["Resources"]["Runner"]["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            actions, resources = statement["Action"], statement["Resource"]
            actions = [actions] if isinstance(actions, str) else actions
            for one in [resources] if isinstance(resources, str) else resources:
                found.append((actions, one))
    return found


class _Functions(yaml.SafeLoader):
    """YAML with CloudFormation's short functions: what they insert may be anything."""


def _anything(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> str:
    value = str(node.value)
    if suffix != "Sub":
        return "*"
    pieces = value.replace("}", "${").split("${")
    return "".join(text if number % 2 == 0 else "*" for number, text in enumerate(pieces))


yaml.add_multi_constructor("!", _anything, Loader=_Functions)
