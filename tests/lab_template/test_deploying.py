"""Deploying small templates: what exists afterwards, what was left out, and what went wrong?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gameday import stacks
from gameday.errors import LabError, TemplateError
from gameday.lab import template

ACCOUNT, TOKEN = "123456789012", "secret-of-the-lab"


def deploy(endpoint: Any, folder: Path, text: str, region: str = "us-east-1", **more: Any) -> Any:
    (folder / "t.yaml").write_text(text)
    application = stacks.single(folder / "t.yaml", [region], more.pop("parameters", {}))
    settings = {"account": ACCOUNT, "speed": 1.0, "token": TOKEN, "cache_dir": folder} | more
    return template.deploy(application, endpoint=endpoint.url, **settings)


def outputs(endpoint: Any, folder: Path, text: str, **more: Any) -> dict[str, str]:
    found: dict[str, str] = dict(deploy(endpoint, folder, text, **more).stacks[0].outputs)
    return found


def test_are_two_deployments_named_alike(endpoint: Any, tmp_path: Path) -> None:
    text = "Resources: {T: {Type: AWS::SNS::Topic}}\nOutputs: {Arn: {Value: !Ref T}}"
    first = outputs(endpoint, tmp_path, text)
    endpoint.clear()
    assert outputs(endpoint, tmp_path, text) == first
    assert first["Arn"].split(":")[-1].startswith("app-stack-T-")


def test_what_does_a_lab_that_is_gone_say(tmp_path: Path) -> None:
    class Gone:
        url = "http://127.0.0.1:9"

    with pytest.raises(LabError, match=r"T .*the lab at http://127\.0\.0\.1:9 does not answer"):
        deploy(Gone, tmp_path, "Resources: {T: {Type: AWS::SNS::Topic}}")


def test_what_does_a_wrong_token_say(endpoint: Any, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="did not take stack app-stack: 403") as e:
        deploy(endpoint, tmp_path, "Resources: {T: {Type: AWS::SNS::Topic}}", token="guessed")
    assert "guessed" not in str(e.value)


def test_is_what_the_api_refuses_named_by_logical_id(endpoint: Any, tmp_path: Path) -> None:
    text = """Resources:
      P: {Type: AWS::Lambda::Permission, Properties: {FunctionName: nobody,
          Action: lambda:InvokeFunction, Principal: apigateway.amazonaws.com}}"""
    with pytest.raises(TemplateError, match=r"t\.yaml: P \(AWS::Lambda::Permission\): ") as e:
        deploy(endpoint, tmp_path, text)
    assert "\n" not in str(e.value)


def test_is_a_type_nobody_knows_listed_and_what_refers_to_it_created(
    endpoint: Any, tmp_path: Path
) -> None:
    text = """Resources:
      Pool: {Type: AWS::Cognito::UserPool}
      Name: {Type: AWS::SSM::Parameter,
             Properties: {Name: /pool, Type: String, Value: !Ref Pool}}"""
    done = deploy(endpoint, tmp_path, text)
    assert [str(left) for left in done.left_out] == [
        "app-stack (us-east-1): Pool (AWS::Cognito::UserPool): the lab does not know this type"
    ]
    assert endpoint.client("ssm").get_parameter(Name="/pool")["Parameter"]["Value"] == (
        "left-out-Pool"
    )


def test_is_a_property_nobody_reads_listed(endpoint: Any, tmp_path: Path) -> None:
    text = """Resources:
      B: {Type: AWS::S3::Bucket, Properties: {BucketName: some-bucket,
          LifecycleConfiguration: {Rules: []}}}"""
    [left] = deploy(endpoint, tmp_path, text, region="eu-west-1").left_out
    assert (left.logical_id, left.reason) == (
        "B", "the lab does nothing with LifecycleConfiguration",
    )  # fmt: skip
    assert endpoint.client("s3").list_buckets()["Buckets"][0]["Name"] == "some-bucket"


def test_do_conditions_decide_what_exists(endpoint: Any, tmp_path: Path) -> None:
    text = """
Parameters: {Stage: {Type: String, Default: test}}
Conditions: {IsProd: !Equals [!Ref Stage, prod]}
Resources:
  Always: {Type: AWS::SNS::Topic, Properties: {TopicName: always,
           DisplayName: !If [IsProd, big, !Ref "AWS::NoValue"]}}
  Prod: {Type: AWS::SNS::Topic, Condition: IsProd, Properties: {TopicName: prod}}
Outputs:
  Prod: {Condition: IsProd, Value: !Ref Prod}
  Always: {Value: !GetAtt Always.TopicName}"""
    assert outputs(endpoint, tmp_path, text) == {"Always": "always"}
    endpoint.clear()
    assert set(outputs(endpoint, tmp_path, text, parameters={"Stage": "prod"})) == {
        "Always", "Prod",
    }  # fmt: skip


def test_are_secrets_hidden_from_describe_stacks(endpoint: Any, tmp_path: Path) -> None:
    text = """
Parameters: {Password: {Type: String, NoEcho: true}}
Resources: {T: {Type: AWS::SNS::Topic}}"""
    deploy(endpoint, tmp_path, text, parameters={"Password": "hunter2"})
    assert endpoint.stack("app-stack")["parameters"] == {"Password": "****"}


def test_does_json_work_as_well(endpoint: Any, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}))
    application = stacks.single(tmp_path / "t.json", ["us-east-1"], {})
    done = template.deploy(application, endpoint=endpoint.url, account=ACCOUNT, speed=1.0,
                           token=TOKEN, cache_dir=tmp_path)  # fmt: skip
    assert list(done.stacks[0].resources) == ["T"]


def test_which_queues_topics_logs_and_rules_are_there(endpoint: Any, tmp_path: Path) -> None:
    text = """
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: "45", QueueName: q,
          RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}}}
  Dead: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic, Properties: {
          Subscription: [{Protocol: sqs, Endpoint: !GetAtt Queue.Arn}]}}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /a/b, RetentionInDays: "7"}}
  Nightly: {Type: AWS::Events::Rule, Properties: {ScheduleExpression: rate(1 day), Name: nightly,
            Targets: [{Id: q, Arn: !GetAtt Queue.Arn}]}}"""
    done = deploy(endpoint, tmp_path, text)
    assert done.left_out == ()
    assert done.notes == ("EventBridge schedules do not fire",)
    sqs = endpoint.client("sqs")
    attributes = sqs.get_queue_attributes(
        QueueUrl=sqs.get_queue_url(QueueName="q")["QueueUrl"], AttributeNames=["All"]
    )["Attributes"]
    assert attributes["VisibilityTimeout"] == "45"
    assert json.loads(attributes["RedrivePolicy"])["maxReceiveCount"] == 3
    [subscription] = endpoint.client("sns").list_subscriptions()["Subscriptions"]
    assert subscription["Endpoint"] == f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
    [group] = endpoint.client("logs").describe_log_groups()["logGroups"]
    assert group["retentionInDays"] == 7
    [target] = endpoint.client("events").list_targets_by_rule(Rule="nightly")["Targets"]
    assert target["Id"] == "q"


def test_does_an_api_of_explicit_resources_work(endpoint: Any, tmp_path: Path) -> None:
    text = """
Resources:
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: by-hand}}
  Pets: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Api,
         ParentId: !GetAtt Api.RootResourceId, PathPart: pets}}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Pets
      HttpMethod: GET
      AuthorizationType: NONE
      Integration: {Type: MOCK, RequestTemplates: {application/json: '{"statusCode": 200}'},
                    IntegrationResponses: [{StatusCode: "200"}]}
      MethodResponses: [{StatusCode: "200"}]
  Deployment: {Type: AWS::ApiGateway::Deployment, DependsOn: Get,
               Properties: {RestApiId: !Ref Api}}
  Stage: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Api, StageName: v1,
          DeploymentId: !Ref Deployment, Variables: {colour: blue}}}
Outputs: {Id: {Value: !Ref Api}}"""
    api_id = outputs(endpoint, tmp_path, text)["Id"]
    api = endpoint.client("apigateway")
    items = api.get_resources(restApiId=api_id, embed=["methods"])["items"]
    [pets] = [r for r in items if r["path"] == "/pets"]
    integration = pets["resourceMethods"]["GET"]["methodIntegration"]
    assert integration["type"] == "MOCK"
    assert set(integration["integrationResponses"]) == {"200"}
    assert api.get_stage(restApiId=api_id, stageName="v1")["variables"] == {"colour": "blue"}


def test_does_a_table_get_its_time_to_live_and_tags(endpoint: Any, tmp_path: Path) -> None:
    text = """
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: things
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      ProvisionedThroughput: {ReadCapacityUnits: "5", WriteCapacityUnits: "5"}
      TimeToLiveSpecification: {AttributeName: expires, Enabled: "true"}
      Tags: [{Key: team, Value: true}]"""
    assert deploy(endpoint, tmp_path, text).left_out == ()
    client = endpoint.client("dynamodb")
    table = client.describe_table(TableName="things")["Table"]
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    ttl = client.describe_time_to_live(TableName="things")["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    tags = client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "true"}]  # CloudFormation writes true, not True


def test_does_the_callers_own_environment_stay_out(
    endpoint: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the-callers-own")
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    done = deploy(endpoint, tmp_path, "Resources: {T: {Type: AWS::SNS::Topic}}")
    assert list(done.stacks[0].resources) == ["T"]
