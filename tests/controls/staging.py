"""Plays one experiment with the real `chaos` both ways: plain, and with our control.

The experiment that all vary loses a Region of the double `shop`; its clients are a `Crowd`.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from aws_double import BEHIND, AwsDouble
from crowd import Crowd
from test_chaos_run import CHAOS, activity, outage, reserved

from gameday import clock
from gameday.journal import read_events

Json = dict[str, Any]
Make = Callable[[Path], Json]
Drive = Callable[[Path, "subprocess.Popen[str]", dict[str, str]], None]
SERVED, LOST = [None] * 4, [0] * 4
SPEED = 40.0
RECORD = "gameday.controls.record"
LEFT = "clients have left"  # the file that says so; the fault lasts until then
RTO_S = 1200.0  # half a minute of wall time: the machine may be busy
HERE = Path(__file__).parent


def chore(kind: str, name: str, func: str, **arguments: Any) -> Json:
    return activity(kind, name, "chores", func, **arguments)


def a_good_run(folder: Path, **changed: Any) -> Json:
    """Lose a Region until clients have left it, by a hypothesis that asks a file of the test's."""
    (folder / "state").write_text("1")
    asks = {**chore("probe", "asks", "number", path=str(folder / "state")), "tolerance": 1}
    body = outage()
    method = [body["method"][0], chore("probe", "hold", "wait_for", path=str(folder / LEFT))]
    return {
        **body,
        "method": method,
        "steady-state-hypothesis": {"title": "the state is 1", "probes": [asks]},
        "extensions": [
            {
                "name": "gameday",
                "kind": "recovery",
                "baseline_s": 20,
                "objectives": {"rto_s": RTO_S},
                "load": {"file": "crowd.py"},
            }
        ],
        **changed,
    }


@dataclass
class Played:
    """What a run left behind."""

    exit_code: int
    output: str
    concurrency: list[int | None]
    journal: Json
    findings: Json = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        return str(self.findings.get("verdict", "none"))

    def said(self, text: str) -> bool:
        return any(text in reason for reason in self.findings["reasons"])

    def of(self, kind: str) -> list[Json]:
        return [e for e in self.events if e["kind"] == kind]


def environment(target: dict[str, str], run_dir: Path) -> dict[str, str]:
    paths = [str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        **target,
        "PYTHONPATH": os.pathsep.join(paths),
        "GAMEDAY_RUN_DIR": str(run_dir),
        "GAMEDAY_SPEED": str(SPEED),
        "GAMEDAY_LOAD_RUNNING": "1",
        "GAMEDAY_ENDPOINT": "",  # no name, no DNS to wait for
    }


@contextmanager
def running(folder: Path, env: dict[str, str], body: Json, *options: str) -> Iterator[Any]:
    (folder / "outage.json").write_text(json.dumps(body))
    process = subprocess.Popen(
        [CHAOS, "--no-version-check", "--no-log-file", "run", *options, "outage.json"],
        cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def serving(target: dict[str, str]) -> Callable[[], bool]:
    """Whether a function behind the API of the Region to lose may run."""
    api = boto3.client(
        "lambda", region_name="us-east-1", endpoint_url=target["AWS_ENDPOINT_URL"],
        aws_access_key_id="test", aws_secret_access_key="test",
    )  # fmt: skip
    name = f"shop-{BEHIND[0]}"
    return lambda: (
        "ReservedConcurrentExecutions" not in api.get_function_concurrency(FunctionName=name)
    )


def play(
    folder: Path, target: dict[str, str], body: Json, *options: str, drive: Drive | None = None
) -> Played:
    """The experiment run by `chaos` to its end, `drive` meddling with it meanwhile."""
    modules = [control["provider"]["module"] for control in body["controls"]]
    run_dir = folder / "run"
    run_dir.mkdir()
    with (
        Crowd(run_dir, serving(target), folder / LEFT) if RECORD in modules else nullcontext(),
        running(folder, environment(target, run_dir), body, *options) as process,
    ):
        if drive:
            drive(folder, process, target)
        output = process.communicate(timeout=100)[0]
    journal, findings = folder / "journal.json", run_dir / "findings.json"
    return Played(
        process.returncode,
        output,
        reserved(target),
        json.loads(journal.read_text()) if journal.exists() else {},
        json.loads(findings.read_text()) if findings.exists() else {},
        list(read_events(run_dir)),
    )


@dataclass
class Stage:
    """Where both are played; nothing is left changed between them."""

    double: AwsDouble
    target: dict[str, str]
    root: Path

    def plain(
        self, make: Make, *options: str, drive: Drive | None = None, keep_controls: bool = False
    ) -> Played:
        """Without our control; what it leaves changed is put back."""
        body = make(self._folder("plain"))
        (self.root / "plain" / LEFT).touch()  # nobody records its clients
        if not keep_controls:
            body["controls"] = [c for c in body["controls"] if c["name"] != "gameday"]
        played = play(self.root / "plain", self.target, body, *options, drive=drive)
        self.restore()
        return played

    def ours(self, make: Make, *options: str, drive: Drive | None = None) -> Played:
        """With our control, and nothing else of ours."""
        return play(
            self.root / "ours", self.target, make(self._folder("ours")), *options, drive=drive
        )

    def restore(self) -> None:
        for region in ("us-east-1", "eu-west-1"):
            api = boto3.client(
                "lambda", region_name=region, endpoint_url=self.target["AWS_ENDPOINT_URL"]
            )
            for name in BEHIND:
                api.delete_function_concurrency(FunctionName=f"shop-{name}")
        self.double.experiments.clear()

    def _folder(self, name: str) -> Path:
        (self.root / name).mkdir()
        return self.root / name


def until(condition: Callable[[], bool], within_s: float = 40.0) -> None:
    """Wait for what the test is about to meddle with."""
    assert clock.Clock().wait_for(condition, within_s, every_s=0.05)
