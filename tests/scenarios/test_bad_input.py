"""A mistake is one clear line and an exit code; nothing is left running."""

from __future__ import annotations

import socket

import pytest
from user_project import lab_processes

pytestmark = pytest.mark.scenario


def refused(project, *arguments: str) -> str:
    """What is said of a mistake: one line on standard error."""
    done = project.gameday(*arguments)
    assert done.returncode not in (0, 1), done.stdout
    assert "Traceback" not in done.stderr + done.stdout
    lines = [line for line in done.stderr.splitlines() if line.startswith("gameday: ")]
    assert len(lines) == 1, done.stderr
    assert lab_processes(project.root) == []
    return lines[0]


def test_is_a_taken_port_named(project) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"port {port} for aws is taken" in refused(project, "lab", "up", "--aws-port", port)


def test_is_a_template_that_does_not_parse_named(project) -> None:
    (project.root / "deploy/data.yaml").write_text("Resources: [")
    assert "data.yaml" in refused(project, "lab", "up")


def test_is_a_table_that_does_not_exist_named(project) -> None:
    path = project.root / "deploy/regional.yaml"
    path.write_text(path.read_text().replace("!Ref TableName", "no_such_table"))
    done = project.gameday("run", "experiments/region-outage.yaml")
    assert done.returncode == 3
    # whichever comes first: the deep checks fail in both Regions, or no request succeeds
    refused_at_once = "not running: us-east-1 is the last healthy Region" in done.stderr
    assert refused_at_once or "steady" in project.findings()["sentence"]


def test_is_a_handler_that_does_not_import_named(project) -> None:
    for path in (project.root / "app/src").glob("*.py"):
        path.write_text("import no_such_module\n" + path.read_text().replace(
            "from __future__ import annotations\n", ""))  # fmt: skip
    line = refused(project, "lab", "up")
    assert "deploy/regional.yaml: " in line
    assert "No module named 'no_such_module'" in line
    assert "name it in requirements.txt" in line


def test_is_an_unknown_region_named(project) -> None:
    line = refused(project, "run", "experiments/region-outage.yaml", "--region", "mars-1")
    assert "us-east-1" in line


def test_is_export_in_a_target_file_named_with_its_line(project) -> None:
    (project.root / "aws.env").write_text("# target\nexport GAMEDAY_REGION=us-east-1\n")
    line = refused(project, "run", "experiments/region-outage.yaml", "--target", "aws.env")
    assert "aws.env:2" in line


def test_is_an_endpoint_that_is_not_loopback_refused(project) -> None:
    (project.root / "aws.env").write_text(
        "GAMEDAY_REGION=us-east-1\nGAMEDAY_REGIONS=us-east-1,eu-west-1\nGAMEDAY_STACK=gameday\n"
        "GAMEDAY_ENDPOINT=api.example.test\nGAMEDAY_RTO_S=150\nGAMEDAY_RPO_S=5\n"
    )
    line = refused(project, "run", "experiments/region-outage.yaml", "--target", "aws.env")
    assert "not running" in line


def test_is_a_missing_experiment_named(project) -> None:
    assert "nothing.yaml" in refused(project, "run", "nothing.yaml")
