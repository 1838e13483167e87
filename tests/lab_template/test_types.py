"""Resource types beside APIs and routing: is everything that a template says in the lab's API?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gameday import stacks
from gameday.errors import TemplateError
from gameday.lab import template
from gameday.lab.template import dynamic
from gameday.lab.template.resources import CATALOGUE

ACCOUNT, TOKEN, REGION = "123456789012", "secret-of-the-lab", "us-east-1"

EVERYTHING = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: role
      AssumeRolePolicyDocument: DOCUMENT
      Policies: [{PolicyName: inline, PolicyDocument: DOCUMENT}]
  RolePolicy: {Type: AWS::IAM::RolePolicy, Properties: {RoleName: !Ref Role, PolicyName: second,
               PolicyDocument: DOCUMENT}}
  Group: {Type: AWS::IAM::Group, Properties: {GroupName: group}}
  User: {Type: AWS::IAM::User, Properties: {UserName: user, Groups: [!Ref Group]}}
  Policy: {Type: AWS::IAM::Policy, Properties: {PolicyName: p, PolicyDocument: DOCUMENT,
           Users: [!Ref User], Groups: [!Ref Group], Roles: [!Ref Role]}}
  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {InstanceProfileName: profile,
            Roles: [!Ref Role]}}
  F:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: f, Runtime: python3.11, Handler: index.handler,
                 Role: !GetAtt Role.Arn, Code: {ZipFile: "x = 1"},
                 DeadLetterConfig: {TargetArn: !GetAtt Queue.Arn}}
  V1: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref F}}
  Live:
    Type: AWS::Lambda::Alias
    Properties:
      Name: live
      FunctionName: !Ref F
      FunctionVersion: !GetAtt V1.Version
      RoutingConfig: {AdditionalVersionWeights: [{FunctionVersion: "1", FunctionWeight: 0.25}]}
  Settings:
    Type: AWS::Lambda::EventInvokeConfig
    Properties: {FunctionName: !Ref F, Qualifier: $LATEST, MaximumRetryAttempts: "1",
                 DestinationConfig: {OnFailure: {Destination: !GetAtt Queue.Arn}}}
  Source:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {EventSourceArn: !GetAtt Queue.Arn, FunctionName: !Ref F, BatchSize: "5",
                 FunctionResponseTypes: [ReportBatchItemFailures]}
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: q}}
  Fifo: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true, ContentBasedDeduplication: true}}
  Inline: {Type: AWS::SQS::QueueInlinePolicy, Properties: {Queue: !Ref Queue,
           PolicyDocument: DOCUMENT}}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: t}}
  TopicPolicy: {Type: AWS::SNS::TopicPolicy, Properties: {Topics: [!Ref Topic],
                PolicyDocument: DOCUMENT}}
  Filtered: {Type: AWS::SNS::Subscription, Properties: {TopicArn: !Ref Topic, Protocol: sqs,
             Endpoint: !GetAtt Queue.Arn, FilterPolicy: {kind: [order]},
             RawMessageDelivery: true}}
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: bucket
      BucketEncryption: {ServerSideEncryptionConfiguration: [
        {ServerSideEncryptionByDefault: {SSEAlgorithm: AES256}}]}
      PublicAccessBlockConfiguration: {BlockPublicAcls: "true"}
      CorsConfiguration: {CorsRules: [{AllowedMethods: [GET], AllowedOrigins: ["*"], MaxAge: 5}]}
      NotificationConfiguration:
        LambdaConfigurations: [{Event: "s3:ObjectCreated:*", Function: !GetAtt F.Arn,
          Filter: {S3Key: {Rules: [{Name: suffix, Value: .png}]}}}]
  BucketPolicy: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: !Ref Bucket,
                 PolicyDocument: DOCUMENT}}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /g}}
  Stream: {Type: AWS::Logs::LogStream, Properties: {LogGroupName: !Ref Logs, LogStreamName: s}}
  Passed: {Type: AWS::Logs::SubscriptionFilter, Properties: {LogGroupName: !Ref Logs,
           FilterPattern: "", DestinationArn: !GetAtt F.Arn}}
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: bus}}
  Rule: {Type: AWS::Events::Rule, Properties: {Name: rule, EventBusName: !Ref Bus,
         EventPattern: {source: [shop]}, Targets: [{Id: f, Arn: !GetAtt F.Arn}]}}
  Board: {Type: AWS::CloudWatch::Dashboard, Properties: {DashboardName: board,
          DashboardBody: '{"widgets": []}'}}
  Secret: {Type: AWS::SecretsManager::Secret, Properties: {Name: secret, GenerateSecretString:
           {SecretStringTemplate: '{"user": "me"}', GenerateStringKey: word,
            PasswordLength: 12}}}
  Key: {Type: AWS::KMS::Key, Properties: {Description: key}}
  KeyName: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/mine, TargetKeyId: !Ref Key}}
Outputs: {Rule: {Value: !Ref Rule}, Fifo: {Value: !GetAtt Fifo.QueueName}}
""".replace("DOCUMENT", '{Statement: [{Effect: Allow, Action: "sqs:*", Resource: "*"}]}')


def deploy(endpoint: Any, folder: Path, text: str) -> Any:
    (folder / "t.yaml").write_text(text)
    return template.deploy(
        stacks.single(folder / "t.yaml", [REGION], {}), endpoint=endpoint.url, account=ACCOUNT,
        speed=1.0, token=TOKEN, cache_dir=folder,
    )  # fmt: skip


@pytest.fixture(scope="module")
def deployed(shared_endpoint: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    done = deploy(shared_endpoint, tmp_path_factory.mktemp("types"), EVERYTHING)
    assert done.left_out == ()
    return done


@pytest.fixture
def client(deployed: Any, shared_endpoint: Any) -> Any:
    return shared_endpoint.client


def test_who_is_who(client: Any) -> None:
    iam = client("iam")
    assert set(iam.list_role_policies(RoleName="role")["PolicyNames"]) == {"inline", "second", "p"}
    assert iam.list_user_policies(UserName="user")["PolicyNames"] == ["p"]
    assert iam.list_group_policies(GroupName="group")["PolicyNames"] == ["p"]
    assert iam.get_group(GroupName="group")["Users"][0]["UserName"] == "user"
    profile = iam.get_instance_profile(InstanceProfileName="profile")["InstanceProfile"]
    assert profile["Roles"][0]["RoleName"] == "role"


def test_what_stands_in_front_of_a_function(client: Any) -> None:
    api = client("lambda")
    alias = api.get_alias(FunctionName="f", Name="live")
    assert alias["FunctionVersion"] == "1"
    assert alias["RoutingConfig"] == {"AdditionalVersionWeights": {"1": 0.25}}
    [source] = api.list_event_source_mappings(FunctionName="f")["EventSourceMappings"]
    assert (source["BatchSize"], source["State"]) == (5, "Enabled")
    settings = api.get_function_event_invoke_config(FunctionName="f")
    assert settings["MaximumRetryAttempts"] == 1
    assert settings["DestinationConfig"]["OnFailure"]["Destination"].endswith(":q")


def test_what_do_queues_and_topics_say(deployed: Any, client: Any) -> None:
    outputs = deployed.stacks[0].outputs
    assert outputs["Fifo"].endswith(".fifo")
    sns = client("sns")
    [subscription] = sns.list_subscriptions()["Subscriptions"]
    attributes = sns.get_subscription_attributes(SubscriptionArn=subscription["SubscriptionArn"])
    assert json.loads(attributes["Attributes"]["FilterPolicy"]) == {"kind": ["order"]}
    assert attributes["Attributes"]["RawMessageDelivery"] == "true"


def test_what_does_a_bucket_say(client: Any) -> None:
    s3 = client("s3")
    found = s3.get_bucket_notification_configuration(Bucket="bucket")
    [notification] = found["LambdaFunctionConfigurations"]
    assert notification["LambdaFunctionArn"].endswith(":function:f")
    [rule] = notification["Filter"]["Key"]["FilterRules"]
    assert (rule["Name"], rule["Value"]) == ("suffix", ".png")
    assert s3.get_bucket_cors(Bucket="bucket")["CORSRules"][0]["MaxAgeSeconds"] == 5
    [encryption] = s3.get_bucket_encryption(Bucket="bucket")[
        "ServerSideEncryptionConfiguration"]["Rules"]  # fmt: skip
    assert encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    blocked = s3.get_public_access_block(Bucket="bucket")["PublicAccessBlockConfiguration"]
    assert blocked["BlockPublicAcls"] is True


def test_where_do_logs_and_events_go(deployed: Any, client: Any) -> None:
    [passed] = client("logs").describe_subscription_filters(logGroupName="/g")[
        "subscriptionFilters"]  # fmt: skip
    assert passed["destinationArn"].endswith(":function:f")
    [target] = client("events").list_targets_by_rule(Rule="rule", EventBusName="bus")["Targets"]
    assert target["Arn"].endswith(":function:f")
    assert deployed.stacks[0].outputs["Rule"] == "bus|rule"


def test_what_is_in_a_generated_secret(client: Any) -> None:
    value = client("secretsmanager").get_secret_value(SecretId="secret")["SecretString"]
    secret = json.loads(value)
    assert secret["user"] == "me"
    assert len(secret["word"]) == 12


def test_what_does_the_lab_do_less_than_aws(endpoint: Any, tmp_path: Path) -> None:
    text = """
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: r, AssumeRolePolicyDocument: {}}}
  F: {Type: AWS::Lambda::Function, Properties: {FunctionName: f, Runtime: python3.11,
      Handler: index.handler, Role: !GetAtt Role.Arn, Code: {ZipFile: "x = 1"}}}
  G: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /g}}
  S: {Type: AWS::Logs::SubscriptionFilter, Properties: {LogGroupName: !Ref G,
      FilterPattern: ERROR, DestinationArn: !GetAtt F.Arn}}
  M: {Type: AWS::Logs::MetricFilter, Properties: {LogGroupName: !Ref G, FilterPattern: ERROR,
      MetricTransformations: [{MetricName: m, MetricNamespace: n, MetricValue: "1"}]}}
  R: {Type: AWS::Events::Rule, Properties: {EventPattern: {source: [x]}, Targets: [
      {Id: a, Arn: "arn:aws:ecs:us-east-1:123456789012:cluster/c"}]}}"""
    reasons = {left.logical_id: left.reason for left in deploy(endpoint, tmp_path, text).left_out}
    assert reasons == {
        "S": "the lab does nothing with FilterPattern 'ERROR' (all passes)",
        "M": "the lab does nothing with MetricTransformations (no metric is made of logs)",
        "R": "the lab does nothing with target arn:aws:ecs:us-east-1:123456789012:cluster/c",
    }


def test_is_the_log_group_of_a_function_that_has_printed_already_taken_over(
    endpoint: Any, tmp_path: Path
) -> None:
    logs = endpoint.client("logs")
    logs.create_log_group(logGroupName="/aws/lambda/f")
    logs.create_log_group(logGroupName="/mine")
    text = """Resources:
      G: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: NAME, RetentionInDays: 1}}"""
    deploy(endpoint, tmp_path, text.replace("NAME", "/aws/lambda/f"))
    with pytest.raises(TemplateError, match=r"G .*ResourceAlreadyExistsException"):
        deploy(endpoint, tmp_path, text.replace("NAME", "/mine"))


def test_is_an_event_source_that_the_lab_has_not_named(endpoint: Any, tmp_path: Path) -> None:
    text = """
Resources:
  S: {Type: AWS::Lambda::EventSourceMapping, Properties: {FunctionName: f,
      EventSourceArn: "arn:aws:kinesis:us-east-1:123456789012:stream/s"}}"""
    with pytest.raises(TemplateError, match=r"S \(AWS::Lambda::EventSourceMapping\): the lab has "
                                            "no event source such as arn:aws:kinesis"):  # fmt: skip
        deploy(endpoint, tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "Resources: {T: {Type: AWS::SNS::Topic, Properties: {Subscription: word}}}",
        "Resources: {T: {Type: AWS::DynamoDB::GlobalTable, Properties: {Replicas: [word]}}}",
        "Resources: {T: {Type: AWS::S3::Bucket, Properties: {CorsConfiguration: [1]}}}",
        "Resources: {T: {Type: AWS::SNS::Topic, Properties: {Tags: 5}}}",
    ],
)
def test_is_a_property_of_the_wrong_shape_one_line(
    endpoint: Any, tmp_path: Path, text: str
) -> None:
    with pytest.raises(TemplateError, match=r"t\.yaml: T \(AWS::") as e:
        deploy(endpoint, tmp_path, text)
    assert "\n" not in str(e.value)


def test_is_an_export_given_twice_refused(endpoint: Any, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.yaml").write_text(
            "Resources: {T: {Type: AWS::SNS::Topic}}\n"
            "Outputs: {O: {Value: x, Export: {Name: shared}}}\n"
        )
    (tmp_path / "stacks.yaml").write_text(
        "application: x\nregions: [us-east-1]\n"
        "stacks: {a: {template: a.yaml}, b: {template: b.yaml}}\n"
    )
    with pytest.raises(TemplateError, match=r"b\.yaml: export shared: another stack in us-east-1"):
        template.deploy(
            stacks.load(tmp_path / "stacks.yaml"), endpoint=endpoint.url, account=ACCOUNT,
            speed=1.0, token=TOKEN, cache_dir=tmp_path,
        )  # fmt: skip


def test_does_a_stack_that_imports_wait_for_the_one_that_exports(
    endpoint: Any, tmp_path: Path
) -> None:
    (tmp_path / "a.yaml").write_text(
        "Resources: {P: {Type: AWS::SSM::Parameter, Properties: {Name: /imported, Type: String,\n"
        "  Value: {Fn::ImportValue: !Sub 'x-b-${AWS::Region}'}}}}\n"
    )
    (tmp_path / "b.yaml").write_text(
        "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: t}}}\n"
        "Outputs: {O: {Value: !Ref T, Export: {Name: !Sub '${AWS::StackName}-${AWS::Region}'}}}\n"
    )
    (tmp_path / "stacks.yaml").write_text(
        "application: x\nregions: [us-east-1, eu-west-1]\n"
        "stacks: {a: {template: a.yaml}, b: {template: b.yaml}}\n"
    )
    done = template.deploy(
        stacks.load(tmp_path / "stacks.yaml"), endpoint=endpoint.url, account=ACCOUNT, speed=1.0,
        token=TOKEN, cache_dir=tmp_path,
    )  # fmt: skip
    assert [(s.key, s.region) for s in done.stacks] == [
        ("b", "us-east-1"), ("a", "us-east-1"), ("b", "eu-west-1"), ("a", "eu-west-1"),
    ]  # fmt: skip
    parameter = endpoint.client("ssm", "eu-west-1").get_parameter(Name="/imported")["Parameter"]
    assert parameter["Value"] == f"arn:aws:sns:eu-west-1:{ACCOUNT}:t"


def test_are_stacks_that_import_from_each_other_named(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{name}.yaml").write_text(
            "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: "
            f"{{Fn::ImportValue: {other}}}}}}}}}\n"
            f"Outputs: {{O: {{Value: x, Export: {{Name: {name}}}}}}}\n"
        )
    (tmp_path / "stacks.yaml").write_text(
        "application: x\nregions: [us-east-1]\n"
        "stacks: {a: {template: a.yaml}, b: {template: b.yaml}}\n"
    )
    with pytest.raises(TemplateError, match="these stacks import from each other: "):
        template.prepare(
            stacks.load(tmp_path / "stacks.yaml"), endpoint="http://127.0.0.1:9", account=ACCOUNT,
            speed=1.0, token=TOKEN, cache_dir=tmp_path,
        )  # fmt: skip


def test_does_the_documentation_name_every_type() -> None:
    text = (Path(__file__).parents[2] / "docs" / "applications.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    named = {f"AWS::{service}::{kind}" for service, kinds in (r for r in rows if len(r) == 2)
             for kind in kinds.split(", ")}  # fmt: skip
    assert CATALOGUE.keys() - named == set()
    assert named - CATALOGUE.keys() == {"AWS::service::types"}


class Services:
    """Systems Manager and Secrets Manager as dynamic references ask them."""

    def __call__(self, service: str) -> Services:
        return self

    def get_parameter(self, Name: str, WithDecryption: bool) -> Any:
        return {"Parameter": {"Value": f"value of {Name}"}}

    def get_secret_value(self, SecretId: str, **chosen: str) -> Any:
        return {"SecretString": json.dumps({"id": SecretId, **chosen})}


ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        ("{{resolve:ssm:/a/b}}", "value of /a/b"),
        ("{{resolve:ssm:/a/b:3}}", "value of /a/b:3"),
        ("x-{{resolve:ssm-secure:a}}-y", "x-value of a-y"),
        ({"a": ["{{resolve:ssm:a}}", 1]}, {"a": ["value of a", 1]}),
        ("{{resolve:secretsmanager:db}}", '{"id": "db"}'),
        ("{{resolve:secretsmanager:db:SecretString:id}}", "db"),
        ("{{resolve:secretsmanager:db:SecretString:VersionStage:AWSPREVIOUS}}", "AWSPREVIOUS"),
        (f"{{{{resolve:secretsmanager:{ARN}:SecretString:id}}}}", ARN),
        (f"{{{{resolve:secretsmanager:{ARN}}}}}", json.dumps({"id": ARN})),
    ],
    ids=str,
)
def test_what_does_a_dynamic_reference_become(value: Any, becomes: Any) -> None:
    assert dynamic.resolve(value, Services()) == becomes


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("{{resolve:secretsmanager:db:SecretString:colour}}", "the secret db has no key colour"),
        ("{{resolve:vault:db}}", "vault.* is not one of ssm"),
    ],
)
def test_is_a_dynamic_reference_to_nothing_refused(value: str, says: str) -> None:
    with pytest.raises(TemplateError, match=says):
        dynamic.resolve(value, Services())
