"""What does `gameday review` say, in which form, and with which exit code?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from gameday.cli import main
from gameday.errors import UsageError
from gameday.review.catalogue import catalogue, example
from gameday.review.engine import Suppression, expired, read_suppressions, review, suppress
from gameday.review.model import TextSubject

SAMPLE = Path(__file__).parent.parent.parent / "reports" / "sample"
TALK = Path(__file__).parent.parent / "data" / "talk"
BAD = TextSubject("aws route53 update-health-check --disabled\n")


def ask(*arguments: object):
    return CliRunner().invoke(main, ["review", *map(str, arguments)])


def runbook(folder: Path, text: str) -> Path:
    path = folder / "runbook.md"
    path.write_text(text)
    return path


def test_does_our_own_deployment_pass() -> None:
    asked = ask("deploy", "experiments")
    assert asked.exit_code == 0, asked.output
    assert " 0 errors" in asked.output


@pytest.mark.parametrize(
    ("text", "fail_on", "code"),
    [
        ("all is well", "note", 0),
        ("update-health-check --disabled", "error", 1),
        ("change-resource-record-sets", "error", 0),
        ("change-resource-record-sets", "warning", 1),
    ],
)
def test_is_the_exit_code_by_severity(tmp_path, text, fail_on, code) -> None:
    assert ask(runbook(tmp_path, text), "--fail-on", fail_on).exit_code == code


def test_is_sarif_complete() -> None:
    run = json.loads(ask(TALK, "--format", "sarif").stdout)["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == [r.id for r in catalogue()]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def test_has_junit_a_case_for_each_file(tmp_path) -> None:
    out = tmp_path / "junit.xml"
    assert ask(TALK, "--format", "junit", "--output", out).exit_code == 1
    suite = ElementTree.parse(out).getroot()
    names = {Path(case.get("name")).name for case in suite}
    assert {"zone.json", "template.yaml", "setup_route53.sh", "README.md"} <= names
    assert len(suite.findall("testcase/failure")) == int(suite.get("failures")) == 3


def test_is_every_file_counted_and_named_so_that_a_machine_can_read_it(tmp_path) -> None:
    folder = tmp_path / "sp ace#é\x01"
    folder.mkdir()
    for name in ("zone.json", "health-checks.json"):
        shutil.copy(SAMPLE / name, folder / name)
    runbook(folder, BAD.text)
    assert ask(folder).stdout.splitlines()[-1].startswith("3 files: 1 error, ")
    results = json.loads(ask(folder, "--format", "sarif").stdout)["runs"][0]["results"]
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in results}
    assert {uri.partition(tmp_path.name)[2] for uri in uris} == {"/sp%20ace%23%C3%A9%01/runbook.md"}
    suite = ElementTree.fromstring(ask(folder, "--format", "junit").stdout)
    assert {case.get("name").partition(tmp_path.name)[2] for case in suite} == {
        f"/sp ace#é\ufffd/{name}" for name in ("zone.json", "health-checks.json", "runbook.md")
    }


def test_is_one_file_one_file(tmp_path) -> None:
    seen = ask(runbook(tmp_path, "all is well")).stdout.splitlines()[-1]
    assert seen == "1 file: 0 errors, 0 warnings, 0 notes, 0 accepted"


def test_is_a_suppressed_finding_kept_with_its_reason_until_its_day() -> None:
    accepted = [Suppression("disabled-to-fail-over", "drill only", "2026-12-31", "*.md")]
    found = review([("a.md", BAD), ("b.sh", BAD)])
    by_file = {f.file: f.suppressed for f in suppress(found, accepted, "2026-12-31")}
    assert by_file == {"a.md": "drill only", "b.sh": None}
    assert not any(f.suppressed for f in suppress(found, accepted, "2027-01-01"))
    assert expired(accepted, "2027-01-01") == [
        "the suppression of disabled-to-fail-over ended on 2026-12-31"
    ]


def test_does_a_baseline_leave_only_what_is_new(tmp_path) -> None:
    before, old = tmp_path / "before.json", "update-health-check --disabled\n"
    assert ask(runbook(tmp_path, old), "--format", "json", "--output", before).exit_code == 1
    assert ask(runbook(tmp_path, old), "--baseline", before).exit_code == 0
    assert ask(runbook(tmp_path, f"one\n\n{old}now {old}"), "--baseline", before).exit_code == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- {rule: nonsense, reason: r, until: 2027-01-01}", "there is no rule nonsense"),
        ("- {rule: no-rollback, until: 2027-01-01}", "needs rule, reason and until"),
        ("- {rule: no-rollback, reason: ' ', until: 2027-01-01}", "give a reason"),
        ("- {rule: no-rollback, reason: r, until: some day}", "must be a date"),
        ("- {rule: no-rollback, reason: r, until: 2027-01-01, why: x}", "unknown key why"),
        ("rule: x", "must be a list"),
        ("- [", "not YAML"),
    ],
)
def test_is_a_wrong_suppression_one_clear_line(tmp_path, text, says) -> None:
    (tmp_path / "s.yaml").write_text(text)
    with pytest.raises(UsageError, match=says):
        read_suppressions(tmp_path / "s.yaml")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("zone.json", '{"ResourceRecordSets": [', "not JSON, or cut short"),
        ("zone.json", '{"ResourceRecordSets": [], "IsTruncated": true}', "cut short"),
        ("checks.json", '{"HealthChecks": []}', "health checks alone"),
        ("x.yaml", "a: 1", "neither a template"),
        ("t.env", "export A=1", "remove `export `"),
        (
            "t.yaml",
            "Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {Environment: x}}}",
            "cannot be read as what it seems",
        ),
        (
            "t.yaml",
            "Resources: {C: {Type: 'AWS::Route53::CidrCollection', Properties: "
            "{Locations: [{LocationName: a, CidrList: [x]}]}}}",
            "rule overlapping-cidrs",
        ),
        ("nothing.yaml", None, "no such file"),
        ("d.json", '{"StackResources": [{"StackId": "x"}]}', "no StackId or no LogicalResourceId"),
        ("d.json", '{"StackResources": {}}', "no StackResources in the export"),
    ],
)
def test_is_a_bad_file_one_clear_line(tmp_path, name, text, says) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    asked = ask(tmp_path / name)
    assert (asked.exit_code, says in asked.output) == (2, True), asked.output
    assert len(asked.output.strip().splitlines()) == 1


def found(*paths: Path) -> set[tuple[str, str]]:
    """`(rule, place)` of every finding."""
    asked = json.loads(ask(*paths, "--format", "json").stdout)
    return {(f["rule"], f["where"]) for f in asked["findings"]}


def test_are_keys_given_twice_found_with_their_lines(tmp_path) -> None:
    (tmp_path / "x.yaml").write_text("method: []\n\nmethod: []\nResources: {A: {T: 1, T: 2}}\n")
    asked = json.loads(ask(tmp_path / "x.yaml", "--format", "json").stdout)["findings"]
    assert [(f["rule"], f["where"], f["line"]) for f in asked] == [
        ("duplicate-key", "method", 3), ("duplicate-key", "T", 4)]  # fmt: skip


FUNCTION = """\
Resources:
  Get:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: get, Runtime: python3.12, MemorySize: %d, Handler: a.b}
"""


def test_are_separate_templates_of_two_regions_compared(tmp_path) -> None:
    (tmp_path / "api-us-east-1.yaml").write_text(FUNCTION % 512)
    more = "  Put: {Type: AWS::Lambda::Function, Properties: {FunctionName: put}}\n"
    (tmp_path / "api-eu-west-1.yaml").write_text(FUNCTION % 128 + more)
    assert found(tmp_path) == {
        ("regions-differ", "app-stack in us-east-1"),
        ("region-settings-differ", "Get in us-east-1"),
    }


def test_are_templates_that_go_nobody_knows_where_left_alone(tmp_path) -> None:
    (tmp_path / "one.yaml").write_text(FUNCTION % 512)
    (tmp_path / "two.yaml").write_text(FUNCTION % 128)
    assert found(tmp_path) == set()


ONE_FILE = """\
Resources:
  Get:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.get
      ReservedConcurrentExecutions: 5
      Events: {Api: {Type: Api, Properties: {Path: /items, Method: get}}}
  Health:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.health
      Events: {Api: {Type: Api, Properties: {Path: /health, Method: get}}}
  Table:
    Type: AWS::DynamoDB::GlobalTable
    Properties:
      BillingMode: PAY_PER_REQUEST
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
      Replicas:
      - {Region: us-east-1, PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}}
      - {Region: eu-west-1, PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}}
"""


def test_are_handlers_that_share_a_file_judged_apart(tmp_path) -> None:
    (tmp_path / "template.yaml").write_text(ONE_FILE)
    (tmp_path / "app.py").write_text(
        "import boto3\ntable = boto3.resource('dynamodb').Table('t')\n"
        "def get(event, context):\n    return table.get_item(Key={})['Item']\n"
        "def health(event, context):\n    return {'statusCode': 200}\n"
    )
    rules = found(tmp_path)
    assert ("missing-item-crashes", "Get") in rules
    assert ("missing-item-crashes", "Health") not in rules
    assert ("health-apart-from-data", "Health") in rules


def test_does_a_template_by_itself_go_to_the_regions_of_its_table(tmp_path) -> None:
    (tmp_path / "template.yaml").write_text(ONE_FILE)
    assert ("survivor-concurrency", "Get") in found(tmp_path)
    (tmp_path / "template.yaml").write_text(ONE_FILE.replace("eu-west-1", "us-east-1"))
    assert ("survivor-concurrency", "Get") not in found(tmp_path)


STACKS = """\
application: shop
regions: [us-east-1, eu-west-1]
stacks:
  home: {template: api-us-east-1.yaml, regions: [us-east-1]}
  peer: {template: other.yaml, regions: [eu-west-1]}
"""


def test_are_stacks_that_have_most_in_common_counterparts(tmp_path) -> None:
    (tmp_path / "stacks.yaml").write_text(STACKS)
    (tmp_path / "api-us-east-1.yaml").write_text(FUNCTION % 512)
    (tmp_path / "other.yaml").write_text(FUNCTION % 128)
    assert found(tmp_path) == {("region-settings-differ", "Get in eu-west-1")}


def test_is_a_resource_that_a_condition_leaves_out_of_one_region_found(tmp_path) -> None:
    text = "Conditions: {Home: !Equals [!Ref AWS::Region, us-east-1]}\n" + FUNCTION % 128
    more = "  Put: {Type: AWS::Lambda::Function, Condition: Home, Properties: {}}\n"
    (tmp_path / "api.yaml").write_text(text + more)
    (tmp_path / "stacks.yaml").write_text(
        "application: shop\nregions: [us-east-1, eu-west-1]\n"
        "stacks: {api: {template: api.yaml, regions: every}}\n"
    )
    assert ("regions-differ", "shop-api in eu-west-1") in found(tmp_path)


def deployed(region: str, *ids: str, **more: object) -> dict:
    """What `aws cloudformation describe-stack-resources` prints for one Region."""
    arn = f"arn:aws:cloudformation:{region}:123456789012:stack/shop-api/0a1b"
    return {"StackResources": [
        {"StackName": "shop-api", "StackId": arn, "LogicalResourceId": i,
         "ResourceType": "AWS::Lambda::Function", "ResourceStatus": "CREATE_COMPLETE"} | more
        for i in ids]}  # fmt: skip


def test_are_deployed_stacks_compared_by_their_exports(tmp_path) -> None:
    for region, ids in (("us-east-1", "AB"), ("eu-west-1", "A")):
        (tmp_path / f"{region}.json").write_text(json.dumps(deployed(region, *ids)))
    drift = deployed("us-east-1", "A", StackResourceDriftStatus="MODIFIED",
                     PropertyDifferences=[{"PropertyPath": "/MemorySize"}])  # fmt: skip
    (tmp_path / "drift.json").write_text(json.dumps({"StackResourceDrifts": drift.popitem()[1]}))
    assert found(tmp_path) == {
        ("regions-differ", "shop-api in eu-west-1"), ("stack-drifted", "A in us-east-1")
    }  # fmt: skip


def test_does_a_finding_name_the_export_of_its_region(tmp_path) -> None:
    for region, ids in (("us-east-1", "AB"), ("eu-west-1", "A"), ("ap-south-1", "A")):
        (tmp_path / f"a-{region}.json").write_text(json.dumps(deployed(region, *ids)))
    drift = deployed("us-east-1", "A", StackResourceDriftStatus="MODIFIED")
    (tmp_path / "b-drift.json").write_text(json.dumps({"StackResourceDrifts": drift.popitem()[1]}))
    asked = json.loads(ask(tmp_path, "--format", "json").stdout)["findings"]
    assert {(f["where"], f["file"]) for f in asked} == {
        ("shop-api in eu-west-1", str(tmp_path / "a-eu-west-1.json")),
        ("shop-api in ap-south-1", str(tmp_path / "a-ap-south-1.json")),
        ("A in us-east-1", str(tmp_path / "b-drift.json")),
    }


def test_does_a_finding_name_the_template_of_its_region(tmp_path) -> None:
    for region, memory in (("us-east-1", 512), ("eu-west-1", 128)):
        (tmp_path / f"api-{region}.yaml").write_text(FUNCTION % memory)
    asked = json.loads(ask(tmp_path, "--format", "json").stdout)["findings"]
    differs = [f for f in asked if f["rule"] == "region-settings-differ"]
    assert [(f["where"].split()[-1] in f["file"]) for f in differs] == [True]


def test_does_an_experiment_that_names_what_no_template_has_fail(tmp_path) -> None:
    (tmp_path / "stacks.yaml").write_text(STACKS)
    for name in ("api-us-east-1.yaml", "other.yaml"):
        (tmp_path / name).write_text(FUNCTION % 128)
    arguments = "{function: got, stack: shop, tables: []}"
    provider = f"{{type: python, module: m, func: break_it, arguments: {arguments}, timeout: 9}}"
    (tmp_path / "e.yaml").write_text(
        f"method:\n- {{type: action, name: hit, provider: {provider}}}\n"
    )
    asked = json.loads(ask(tmp_path, "--format", "json").stdout)["findings"]
    said = {f["message"] for f in asked if f["rule"] == "target-matches-nothing"}
    assert said == {"function got is none of Get, get", "tables is empty and selects nothing"}


def test_can_a_rule_be_explained() -> None:
    assert "Remedy: " in ask("--explain", "no-rollback").output
    assert "gameday review --rules" in ask("--explain", "nonsense").output
    assert len(ask("--rules").output.splitlines()) == len(catalogue())


def test_are_files_of_other_line_ends_read_the_same(tmp_path) -> None:
    path = tmp_path / "r.sh"
    path.write_bytes(b"\xef\xbb\xbfone\r\naws update-health-check --disabled\r\n")
    assert f"{path}:2" in ask(path).output


def test_does_an_example_leave_away_what_does_not_matter() -> None:
    subject = example("routing", "records: [{SetIdentifier: us-east-1, Region: us-east-1}]")
    assert next(subject.routing.record_sets()).name == "api.example.test."
