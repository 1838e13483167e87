"""Puts the tab into Locust's web pages, by Locust's own extension points and nothing of a fork.

The tab is one of `extended_tabs`; Locust knows only tables as their content, so one script, added
to its index page, shows our page in that tab. Everything comes from the events of the run; without
a run they are kept in a folder that goes with the process.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from flask import Blueprint, Response

from gameday import clock
from gameday.journal import Tail
from gameday.load.dashboard.board import Board, Goals
from gameday.load.dashboard.expectation import Expectation
from gameday.settings import Target

TAB = {"title": "Failover", "key": "failover"}
SCRIPT = '<script src="./failover/tab.js" defer></script>'
ASSETS = {"tab.js": "text/javascript", "failover.js": "text/javascript", "failover.css": "text/css"}


def with_run_dir(target: Target) -> Target:
    """The target with a folder for its events: the run's, else one that goes with this process.

    There the lab's own events are to be found, too.
    """
    if target.run_dir is not None:
        return target
    folder = tempfile.TemporaryDirectory(prefix="gameday-load-")
    _KEPT.append(folder)
    events = Path(folder.name) / "events"
    events.mkdir()
    if target.lab_dir is not None and (target.lab_dir / "lab.jsonl").exists():
        (events / "lab.jsonl").symlink_to(target.lab_dir / "lab.jsonl")
    return replace(target, run_dir=Path(folder.name))


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


class Source:
    """The board of a run directory, fed with what has been written since it was last looked at."""

    def __init__(self, target: Target) -> None:
        assert target.run_dir is not None
        self._target, self._facts_file = target, target.run_dir / "run.json"
        self._tail = Tail(target.run_dir)
        self._board: Board | None = None
        self._expectation = Expectation(target.run_dir)

    def view(self) -> dict[str, Any]:
        """What the page shows now."""
        if self._board is None:
            self._board = Board(goals(self._target, self._facts_file))
        for event in self._tail.new():
            self._board.feed(event)
        now = clock.now()
        is_run = self._facts_file.exists()
        if is_run and self._board.lacks_expectation(now) and (found := self._expectation.look(now)):
            self._board.expect(found)
        return self._board.view(now)


def goals(target: Target, facts_file: Path) -> Goals:
    """What is to be shown: the run's own facts, else what the target says."""
    facts = json.loads(facts_file.read_text(encoding="utf-8")) if facts_file.exists() else {}
    hypothesis, objectives = facts.get("hypothesis", {}), facts.get("objectives", {})
    return Goals(
        speed=target.speed,
        region=facts.get("region") or target.region,
        regions=target.regions,
        endpoint=facts.get("endpoint") or target.endpoint,
        rto_s=objectives.get("rto_s") or target.rto_s,
        share_pct=float(hypothesis.get("success_pct", 99.0)),
        window_s=float(hypothesis.get("window_s", 10.0)),
    )


def add(web_ui: Any, target: Target, base_path: str = "") -> None:
    """Add the tab and its pages; where Locust asks for a login, they ask for it, too."""
    source = Source(target)
    web_ui.template_args = {**web_ui.template_args, "extended_tabs": [TAB]}
    pages = Blueprint("gameday_failover", __name__, url_prefix=f"{base_path}/failover")

    def index() -> Response:
        return _asset("failover.html", "text/html")

    def data() -> Response:
        return Response(json.dumps(source.view()), mimetype="application/json")

    def asset(name: str) -> Response:
        return _asset(name, ASSETS[name]) if name in ASSETS else Response("not found", 404)

    guarded = web_ui.auth_required_if_enabled
    for rule, page in (("/", index), ("/data", data), ("/<name>", asset)):
        pages.add_url_rule(rule, page.__name__, guarded(page))
    web_ui.app.register_blueprint(pages)
    web_ui.app.after_request(_with_script)


def _with_script(response: Response) -> Response:
    """Locust's index page, and no other, with our script at its end."""
    if response.mimetype == "text/html" and not response.direct_passthrough:
        text = response.get_data(as_text=True)
        if "window.templateArgs" in text:
            response.set_data(text.replace("</body>", f"{SCRIPT}</body>"))
    return response


def _asset(name: str, mimetype: str) -> Response:
    found = resources.files("gameday.load.dashboard").joinpath("assets", name)
    return Response(found.read_text(encoding="utf-8"), mimetype=mimetype)
