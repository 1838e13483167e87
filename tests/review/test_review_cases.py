"""What do the rules with several branches say to each, beyond their own two examples?"""

from __future__ import annotations

import pytest

from gameday.review.catalogue import catalogue, example

RULES = {rule.id: rule for rule in catalogue()}


def hits(rule: str, text: str) -> list[str]:
    found = RULES[rule].check(example(RULES[rule].about, text))
    return [hit.message for hit in found]


def probe(tolerance: str, provider: str, method: str = "[]") -> str:
    return (
        f"steady-state-hypothesis: {{title: t, probes: [{{type: probe, name: p, "
        f"tolerance: {tolerance}, provider: {provider}}}]}}\nmethod: {method}\n"
    )


HTTP = "{type: http, url: 'https://api.example.test/'}"
PCT = "{type: python, module: m, func: success_pct}"
LOSE = "[{type: action, name: a, provider: {type: python, arguments: {region: us-east-1}}}]"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (probe("{type: range, range: [0, 100]}", PCT), "accepts 0 to 100 %"),
        (probe("{type: range, range: [95, 100]}", PCT), None),
        (probe("{type: range, range: [0, 100]}", "{type: python, module: m, func: errors}"), None),
        (probe("{type: regex, pattern: '.*'}", HTTP), "accepts whatever matches '.*'"),
        (probe("{type: regex, pattern: '^ok$'}", HTTP), None),
        (probe("{type: regex, pattern: '('}", HTTP), None),
        (probe("[200, 503]", HTTP), "accepts an answer 5xx"),
        (probe("{type: range, range: [200, 599]}", HTTP), "accepts an answer 5xx"),
        (probe("[200, 204]", HTTP), None),
        (probe("200", HTTP), None),
        (probe("0", "{type: process, path: /bin/true}"), "runs true, which always succeeds"),
        (probe("0", "{type: process, path: ./smoke.sh}"), None),
        (probe("200", "{type: http, url: 'https://eu-west-1.api.example.test'}", LOSE),
         "asks only eu-west-1, which the method does not touch"),
        (probe("200", "{type: http, url: 'https://us-east-1.api.example.test'}", LOSE), None),
        (probe("200", HTTP, LOSE), None),
    ],
)  # fmt: skip
def test_does_a_probe_hold_with_the_fault_and_without(text, says) -> None:
    found = hits("probe-holds-regardless", text)
    assert (any(says in f for f in found)) if says else found == []


def aws(arguments: str, configuration: str = "{}") -> str:
    one = f"{{type: python, module: chaosaws.ec2.actions, func: f, arguments: {arguments}}}"
    return f"configuration: {configuration}\nmethod: [{{type: action, name: a, provider: {one}}}]\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (aws("{az: us-east-1a}", "{aws_region: us-east-1}"), None),
        (aws("{az: eu-west-1a}", "{aws_region: us-east-1}"), "names eu-west-1, and goes to us-eas"),
        (aws("{arns: ['arn:aws:x:us-east-1:1:y', 'arn:aws:x:eu-west-1:1:y']}"),
         "names us-east-1, and goes to eu-west-1"),
        (aws("{configuration: {aws_region: eu-west-1}}"), "`configuration` is overwritten"),
        (aws("{az: eu-west-1a}", "{aws_region: {type: env, key: R}}"), None),
        (aws("{az: eu-west-1a}", "{aws_region: us-east-1}").replace("chaosaws", "gameday"), None),
    ],
)  # fmt: skip
def test_do_several_regions_go_through_one_configuration(text, says) -> None:
    found = hits("regions-through-one-configuration", text)
    assert (any(says in f for f in found)) if says else found == []


def target(arguments: str, kind: str = "action") -> str:
    known = "{function: [shop-get, Get], stack: [shop]}"
    one = f"{{type: {kind}, name: a, provider: {{type: python, arguments: {arguments}}}}}"
    return f"known: {known}\nmethod: [{one}]\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (target("{function_name: shop-get}"), None),
        (target("{function_name: 'arn:aws:lambda:us-east-1:1:function:shop-get'}"), None),
        (target("{functions: [shop-get, shop-put]}"), "functions shop-put is none of Get, shop-"),
        (target("{functions: behind-the-api}"), None),
        (target("{functions: []}"), "functions is empty"),
        (target("{tags: {}}"), "tags is empty"),
        (target("{stack: '${stack}'}"), None),
        (target("{function: 'shop-${verb}'}"), None),
        (target("{function: 'store-${verb}'}"), "is none of"),
        (target("{table: anything}"), None),  # no template says which tables there are
        (target("{function_name: shop-put}", "probe"), None),
    ],
)
def test_does_a_target_match_nothing(text, says) -> None:
    found = hits("target-matches-nothing", text)
    assert (any(says in f for f in found)) if says else found == []


def test_may_what_names_a_thing_of_one_region_differ() -> None:
    stack = (
        "- {{name: api, region: {0}, template: {0}.yaml, resources: {{Get: {{Type: F, Properties: "
        "{{Subnet: {1}, Zone: {2}, Peer: '{0}', Memory: 128}}}}}}}}\n"
    )
    alike = stack.format("us-east-1", "subnet-0a1b", "Z1UJRXOUMOOFQ8") + stack.format(
        "eu-west-1", "subnet-9c8d", "ZLY8HYME6SFDD"
    )
    assert hits("region-settings-differ", f"stacks:\n{alike}") == []
    other = alike.replace("Memory: 128", "Memory: 256", 1)
    assert hits("region-settings-differ", f"stacks:\n{other}") == ["Memory 128, us-east-1 256"]


DOMAIN = """\
region: eu-west-1
Resources:
  Domain:
    Type: AWS::ApiGateway%s::DomainName
    Properties: {DomainName: api.example.test, %s}
  Map: {Type: AWS::ApiGatewayV2::ApiMapping, Properties: {DomainName: api.example.test}}
"""
ARN = "'arn:aws:acm:us-east-1:123456789012:certificate/0'"


@pytest.mark.parametrize(
    ("version", "properties", "says"),
    [
        ("", f"RegionalCertificateArn: {ARN}", "its certificate is in us-east-1, not in eu-west"),
        ("V2", f"DomainNameConfigurations: [{{CertificateArn: {ARN}}}]", "is in us-east-1"),
        ("", f"CertificateArn: {ARN}", None),  # edge-optimised: always in us-east-1
        ("", "EndpointConfiguration: {}", "no certificate for api.example.test"),
    ],
)
def test_is_a_certificate_of_another_region_found(version, properties, says) -> None:
    found = hits("domain-without-mapping", DOMAIN % (version, properties))
    assert (any(says in f for f in found)) if says else found == []


@pytest.mark.parametrize(
    "text", ["a: &x {b: 1}\nc: {<<: *x, b: 2}\nd: *x\n", "a: !Ref b\n", "[1, 2]", "", "a: ["]
)
def test_is_what_is_given_once_left_alone(text) -> None:
    assert hits("duplicate-key", text) == []


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ("{Policies: [{Statement: {Effect: Allow, Action: '*', Resource: '*'}}]}", ["allows *"]),
        ("{Policies: [{Statement: [{Action: ['s3:*', 'sqs:SendMessage']}]}]}", ["allows s3:*"]),
        ("{PolicyDocument: {Statement: [{Effect: Allow, NotAction: 'iam:*'}]}}",
         ["allows all but iam:*"]),
        ("{PolicyDocument: {Statement: [{Effect: Deny, Action: 'dynamodb:*'}]}}", []),
        ("{Policies: AmazonDynamoDBFullAccess}", ["allows AmazonDynamoDBFullAccess"]),
        ("{ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']}",
         ["allows AdministratorAccess"]),
        ("{Policies: [AWSLambdaBasicExecutionRole, {DynamoDBCrudPolicy: {TableName: t}}]}", []),
        ("{Policies: [{Statement: [{Action: 'dynamodb:GetItem', Resource: '*'}]}]}", []),
    ],
)  # fmt: skip
def test_which_permissions_are_too_wide(properties, says) -> None:
    text = f"Resources: {{F: {{Type: 'AWS::IAM::Role', Properties: {properties}}}}}"
    assert hits("iam-wildcard", text) == says
