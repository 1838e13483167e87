"""Does anything of a run that failed in every way say a secret that it was given?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aws_double import AwsDouble
from staging import HERE, LEFT, a_good_run, chore
from test_chaos_run import activity

from gameday.report import manifest

pytestmark = pytest.mark.scenario

PLANTED = {
    "AWS_SECRET_ACCESS_KEY": "planted/access+key/0123456789abcdef",
    "AWS_SESSION_TOKEN": "planted-session-token//0123456789==",
    "CHANNEL": "https://chat.example.test/planted-webhook/T0/B0",
    "DATABASE_PASSWORD": "planted-password-&<>'\"",
}
INLINE = "planted-inline-secret"


def leaky(folder: Path) -> dict[str, Any]:
    """Whoever is asked fails, and says in the error what it was given."""
    password = {"type": "env", "key": "DATABASE_PASSWORD"}
    body = a_good_run(folder)
    shout = chore("probe", "shout", "shout", words=list(PLANTED))
    asked = chore("probe", "asked", "fail_with", secrets="${password}")
    asked["provider"]["secrets"] = ["db"]
    denied = activity("action", "denied", "chores", "denied", authorization=f"Bearer {INLINE}")
    cut = {"type": "probe", "name": "curl", "provider": {
        "type": "http", "url": "http://127.0.0.1:9/", "timeout": 1,
        "headers": {"Authorization": f"Bearer {INLINE}"}}}  # fmt: skip
    body["method"] += [shout, asked, cut, denied]
    body["secrets"] = {"db": {"password": password, "inline": INLINE}}
    del body["extensions"][0]["load"]
    body["controls"] = []  # so that the runner writes a copy of the experiment
    return body


def test_does_nothing_of_a_run_say_a_secret(
    lasting_shop: tuple[AwsDouble, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = {**lasting_shop[1], **PLANTED, "GAMEDAY_ANNOUNCE": "slack:CHANNEL"}
    target |= {"PYTHONPATH": f"{HERE}:{Path.cwd()}"}
    for name, value in target.items():
        monkeypatch.setenv(name, value)
    (tmp_path / LEFT).touch()  # there are no clients to wait for
    (tmp_path / "leaky.json").write_text(json.dumps(leaky(tmp_path)))
    listed = {**lasting_shop[1], "GAMEDAY_SPEED": "40"}
    del listed["AWS_SECRET_ACCESS_KEY"], listed["GAMEDAY_ENDPOINT"]  # no name, no DNS to wait for
    monkeypatch.delenv("GAMEDAY_ENDPOINT")
    (tmp_path / "target.env").write_text("".join(f"{k}={v}\n" for k, v in listed.items()))
    command = [sys.executable, "-m", "gameday", "run", "leaky.json", "--target", "target.env"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    run_dir = (tmp_path / "reports" / "latest").resolve()
    assert (run_dir / "findings.json").exists(), done.stderr
    assert done.returncode == 3, done.stdout
    written = [p for p in sorted(run_dir.rglob("*")) if p.is_file()]
    names = {p.name for p in written}
    assert {"journal.json", "chaos.log", "chaos-output.log", "undo.jsonl", "undo.sh", "run.json",
            "experiment.json", "report.html", "report.md", "manifest.sha256"} <= names  # fmt: skip
    assert manifest.changed(run_dir) == []  # nothing was written after the report
    texts = {str(p.relative_to(run_dir)): p.read_text(errors="replace") for p in written}
    texts |= {"stdout": done.stdout, "stderr": done.stderr}
    assert "[hidden]" in texts["journal.json"]
    assert "[hidden]" in texts["chaos-output.log"]
    assert [name for name, text in texts.items() if "planted" in text] == []
