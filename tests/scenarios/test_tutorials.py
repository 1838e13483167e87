"""Applications as AWS's own tutorials write them: do they work by `gameday lab run --template`?"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from tutorials import (
    CDK,
    CDK_APP,
    CDK_ASSETS,
    CDK_CLIENT,
    CLIENT,
    CRUD,
    EDIT,
    FAILOVER,
    GUARD,
    HELLO,
    HELLO_WORLD,
    HELLO_WORLD_APP,
    HELLO_WORLD_TEST,
    ITEMS,
    NODE,
    REGIONS,
    SERVER,
    VISITOR,
    WATCH,
)
from user_project import Project

pytestmark = pytest.mark.scenario


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_does_a_crud_api_with_table_layer_authorizer_and_url_work(tmp_path: Path) -> None:
    layer = "def say(what):\n    return {'said': what}\n"
    write(tmp_path, {"template.yaml": CRUD, "items/app.py": ITEMS, "guard/app.py": GUARD,
                     "layer/python/shared.py": layer, "client.py": CLIENT})  # fmt: skip
    done = Project(tmp_path).gameday(
        "lab", "run", "--template", "template.yaml", "--region", "us-east-1", "--strict", "--",
        sys.executable, "client.py",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        [401, '{"message":"Unauthorized"}'],
        [200, {"said": "put"}],
        [200, {"id": "1", "name": "chair"}],
        [404, '{"message":"Not Found"}'],
        [200, {"said": "$default"}],
    ]


def test_does_sams_hello_world_pass_its_own_integration_test(tmp_path: Path) -> None:
    files = {"template.yaml": HELLO_WORLD, "tests/test_api.py": HELLO_WORLD_TEST,
             "hello_world/app.py": HELLO_WORLD_APP, "hello_world/requirements.txt": ""}  # fmt: skip
    write(tmp_path, files)
    done = Project(tmp_path).gameday(
        "lab", "run", "--template", "template.yaml", "--region", "us-east-1", "--",
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_does_what_a_cdk_app_synthesizes_work(tmp_path: Path) -> None:
    write(tmp_path, {"cdk.out/Shop.template.json": json.dumps(CDK), "client.py": CDK_CLIENT,
                     "cdk.out/Shop.assets.json": json.dumps(CDK_ASSETS),
                     "cdk.out/asset.c386b2/app.py": CDK_APP})  # fmt: skip
    done = Project(tmp_path).gameday(
        "lab", "run", "--template", "cdk.out/Shop.template.json", "--region", "us-east-1",
        "--strict", "--", sys.executable, "client.py",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[404, "null"], [200, None], [200, None], [204, "*"]]


def holds(body: dict[str, Any]) -> None:
    """Recovery need hold for one AWS minute only: five are for real rehearsals."""
    for step in body["method"]:
        step["provider"]["arguments"].update(
            {"then_holds_s": 60} if step["name"] == "clients-recover-and-stay" else {}
        )


def survives(project: Project, experiment: str, *application: str) -> dict[str, Any]:
    """The findings of a shipped experiment on an application that knows nothing of us."""
    write(project.root, {"loadtests/visitor.py": VISITOR})
    done = project.gameday(
        "run", project.experiment(experiment, holds), *application, "--regions",
        "us-east-1,eu-west-1", "--locustfile", "loadtests/visitor.py",
    )  # fmt: skip
    findings = project.findings()
    assert findings["verdict"] == "PASSED", done.stdout + done.stderr
    assert done.returncode == 0
    return findings


def test_can_a_template_be_put_through_region_outage(project: Project) -> None:
    write(project.root, {"t.yaml": FAILOVER})
    findings = survives(
        project, "region-outage", "--template", "t.yaml", "--endpoint", "api.example.test"
    )
    assert findings["recovery"]["recovery_s"] > 0
    assert findings["data_behind"]["at_fault"] is None  # nothing of it is replicated
    assert project.events("fault.applied")[0]["left_alone"] == [
        "no table of app replicates: nothing to pause"
    ]


def test_do_clients_leave_a_program_that_crashed(tmp_path: Path) -> None:
    write(tmp_path, {"server.py": SERVER, "watch.py": WATCH})
    done = Project(tmp_path).gameday(
        "lab", "run", "--command", f"{sys.executable} server.py", *REGIONS, "--",
        sys.executable, "watch.py",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["us-east-1", "eu-west-1"]


def test_can_a_node_server_be_put_through_region_cut_as_on_macos(project: Project) -> None:
    """Without addresses of their own Regions share 127.0.0.1, and our clients map the answers."""
    node = shutil.which("node")
    write(project.root, {"server.js": NODE, "server.py": SERVER})
    command = "node server.js" if node else f"{sys.executable} server.py"
    findings = survives(project, "region-cut", "--command", command, "--no-aliases")
    assert findings["run"]["endpoint"] == "app.example.test"
    assert {e["region"] for e in project.events("fault.applied")} == {"us-east-1"}
    assert findings["recovery"]["recovery_s"] > 20  # it was noticed from outside, by timeouts


def test_is_changed_code_taken_over_while_the_lab_is_up(tmp_path: Path) -> None:
    code = 'def handler(event, context):\n    return "before"\n'
    write(tmp_path, {"t.yaml": HELLO, "src/app.py": code, "edit.py": EDIT})
    done = Project(tmp_path).gameday(
        "lab", "run", "--template", "t.yaml", "--region", "us-east-1", "--watch", "--",
        sys.executable, "edit.py",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["before", "afterwards"]
