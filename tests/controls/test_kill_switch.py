"""Is nothing injected while the kill switch is set?"""

from __future__ import annotations

from pathlib import Path

import pytest
from aws_double import AwsDouble
from test_chaos_run import chaos, events, outage, reserved

from gameday import guard
from gameday.errors import Refused


def test_does_a_run_not_begin(shop: tuple[AwsDouble, dict[str, str]], tmp_path: Path) -> None:
    _, environ = shop
    (tmp_path / ".gameday").mkdir()
    (tmp_path / ".gameday" / "kill-switch").write_text("release day,\nask Ada\n")
    with chaos(tmp_path, environ, outage()) as process:
        output = process.communicate(timeout=90)[0]
    assert process.returncode == 1
    said = "not running: the kill switch .gameday/kill-switch is set (release day, ask Ada)"
    assert said in output
    assert not events(tmp_path, "fault.started")
    assert reserved(environ) == [None] * 4


def test_does_one_that_cannot_be_read_count_as_set(tmp_path: Path) -> None:
    guard.refuse_killed(tmp_path)
    (tmp_path / ".gameday" / "kill-switch").mkdir(parents=True)
    with pytest.raises(Refused, match="cannot be read"):
        guard.refuse_killed(tmp_path)
