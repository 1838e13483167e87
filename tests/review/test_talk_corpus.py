"""Are the eleven misconfigurations of the talk's own code found, each by name?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gameday.cli import main

CORPUS = Path(__file__).parent.parent / "data" / "talk"

ELEVEN = {
    "both checks on one Region's host": ("checks-on-one-region", "zone.json"),
    "checks probe execute-api, clients the custom domain":
        ("check-beside-custom-domain", "zone.json"),
    "a health handler independent of the data path": ("health-apart-from-data", "template.yaml"),
    "item['Item'] of a key not yet replicated": ("missing-item-crashes", "template.yaml"),
    "POST neither idempotent nor conditional": ("post-not-idempotent", "template.yaml"),
    "caller reference by the second": ("caller-reference-by-second", "zone.json"),
    "all weights 0": ("all-weights-zero", "zone.json"),
    "threshold 1": ("threshold-of-one", "zone.json"),
    "dynamodb:*": ("iam-wildcard", "template.yaml"),
    "STATUS shared by every Region": ("one-switch-for-all-regions", "template.yaml"),
    "global tables of 2017": ("global-table-2017", "setup_route53.sh"),
}  # fmt: skip


@pytest.fixture(scope="module")
def found() -> set[tuple[str, str]]:
    asked = CliRunner().invoke(main, ["review", str(CORPUS), "--format", "json"])
    assert asked.exit_code == 1, asked.output
    return {(f["rule"], Path(f["file"]).name) for f in json.loads(asked.stdout)["findings"]}


@pytest.mark.parametrize("what", ELEVEN)
def test_is_it_found_by_name(found, what) -> None:
    assert ELEVEN[what] in found
