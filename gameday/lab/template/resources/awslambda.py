"""Lambda functions and who may invoke them."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any

from gameday.errors import TemplateError
from gameday.lab.functions.references import split
from gameday.lab.template import code
from gameday.lab.template.resource import Made, Resource, tags_of
from gameday.lab.template.resources import handles
from gameday.lab.template.sam import LOCAL_BUCKET

_OTHER_WAY = "run it as a program by --command"


@handles("AWS::Lambda::Function", "Arn")
def function(resource: Resource) -> Made:
    """A function; its code is zipped from the folder that the template names."""
    obstacle = runtime_obstacle(resource.properties)
    if obstacle:
        raise TemplateError(obstacle)
    _note_newer(resource)
    name = resource.take("FunctionName") or resource.generated(64)
    made = resource.call(
        "lambda", "create_function", FunctionName=name, Role=resource.need("Role"),
        Code=_code(resource), Layers=_layers(resource), Tags=tags_of(resource.take("Tags")),
        **resource.some(
            "Runtime", "Handler", "Timeout", "MemorySize", "Environment", "Description",
            "Architectures", "EphemeralStorage", "TracingConfig", "PackageType",
            "DeadLetterConfig", "LoggingConfig",
        ),
    )  # fmt: skip
    path = local_path(resource.need("Code"))
    if path is not None:
        resource.work.code[name] = resource.folder / path
    reserved = resource.take("ReservedConcurrentExecutions")
    if reserved is not None:
        resource.call("lambda", "put_function_concurrency", FunctionName=name,
                      ReservedConcurrentExecutions=reserved)  # fmt: skip
    return Made(name, {"Arn": made["FunctionArn"]})


@handles("AWS::Lambda::Permission")
def permission(resource: Resource) -> Made:
    """A statement of a function's resource policy."""
    statement = resource.generated(100)
    name = resource.need("FunctionName")
    resource.call(
        "lambda", "add_permission", FunctionName=name, StatementId=statement,
        **resource.some("Action", "Principal", "SourceArn", "SourceAccount", "EventSourceToken",
                        "FunctionUrlAuthType", "InvokedViaFunctionUrl"),
    )  # fmt: skip
    return Made(statement)


@handles("AWS::Lambda::Version", "Version", "FunctionArn")
def version(resource: Resource) -> Made:
    """A version; Ref gives its ARN."""
    made = resource.call("lambda", "publish_version",
                         **resource.some("FunctionName", "Description", "CodeSha256"))  # fmt: skip
    arn = made["FunctionArn"]
    return Made(arn, {"Version": made["Version"], "FunctionArn": arn})


@handles("AWS::Lambda::Alias", "AliasArn")
def alias(resource: Resource) -> Made:
    """An alias; Ref gives its ARN."""
    routing = resource.take("RoutingConfig") or {}
    weights = {w["FunctionVersion"]: float(w["FunctionWeight"])
               for w in routing.get("AdditionalVersionWeights") or ()}  # fmt: skip
    made = resource.call(
        "lambda", "create_alias",
        RoutingConfig={"AdditionalVersionWeights": weights} if weights else None,
        **resource.some("Name", "FunctionName", "FunctionVersion", "Description"),
    )  # fmt: skip
    return Made(made["AliasArn"], {"AliasArn": made["AliasArn"]})


@handles("AWS::Lambda::EventSourceMapping", "Id", "EventSourceMappingArn")
def event_source_mapping(resource: Resource) -> Made:
    """A queue or a stream in front of a function; Ref gives its id.

    :raises TemplateError: another kind of source.
    """
    source = str(resource.need("EventSourceArn"))
    if source.split(":")[2:3] not in (["sqs"], ["dynamodb"]):
        raise TemplateError(f"the lab has no event source such as {source}; it has SQS queues and "
                            "DynamoDB streams")  # fmt: skip
    made = resource.call(
        "lambda", "create_event_source_mapping", EventSourceArn=source,
        **resource.some(
            "FunctionName", "Enabled", "BatchSize", "MaximumBatchingWindowInSeconds",
            "StartingPosition", "FilterCriteria", "FunctionResponseTypes", "ScalingConfig",
            "BisectBatchOnFunctionError", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds",
            "DestinationConfig", "ParallelizationFactor", "MetricsConfig",
        ),
    )  # fmt: skip
    return Made(made["UUID"], {"Id": made["UUID"], "EventSourceMappingArn":
                               made["EventSourceMappingArn"]})  # fmt: skip


@handles("AWS::Lambda::EventInvokeConfig")
def event_invoke_config(resource: Resource) -> Made:
    """Retries, age and destinations of asynchronous invocations."""
    resource.call(
        "lambda", "put_function_event_invoke_config",
        **resource.some("FunctionName", "Qualifier", "MaximumRetryAttempts",
                        "MaximumEventAgeInSeconds", "DestinationConfig"),
    )  # fmt: skip
    return Made(resource.generated())


@handles("AWS::Lambda::LayerVersionPermission")
def layer_version_permission(resource: Resource) -> Made:
    """Who may use a layer, which the lab does not ask."""
    resource.work.notes.add("permissions of layers are not kept: every function may use them")
    resource.some("Action", "LayerVersionArn", "OrganizationId", "Principal")
    return Made(resource.generated())


@handles("AWS::Lambda::LayerVersion", "LayerVersionArn")
def layer_version(resource: Resource) -> Made:
    """A layer; Ref gives the ARN of its version."""
    name = resource.take("LayerName") or resource.generated(64)
    resource.some("LicenseInfo", "CompatibleArchitectures")
    made = resource.call(
        "lambda", "publish_layer_version", LayerName=name,
        Content=_archive(resource, resource.need("Content"), is_layer=True),
        **resource.some("Description", "CompatibleRuntimes"),
    )  # fmt: skip
    arn = made["LayerVersionArn"]
    return Made(arn, {"LayerVersionArn": arn})


@handles("AWS::Lambda::Url", "FunctionUrl", "FunctionArn")
def url(resource: Resource) -> Made:
    """A function URL; Ref gives the function's ARN."""
    name = str(resource.need("TargetFunctionArn"))
    if resource.properties.get("AuthType") == "AWS_IAM":
        resource.unread.add("AuthType AWS_IAM (lets everybody in)")
    function_name, named = split(name)  # SAM gives the ARN of an alias
    made = resource.call("lambda", "create_function_url_config", FunctionName=function_name,
                         Qualifier=resource.take("Qualifier") or named,
                         **resource.some("AuthType", "Cors", "InvokeMode"))  # fmt: skip
    return Made(made["FunctionArn"], {"FunctionUrl": made["FunctionUrl"],
                                      "FunctionArn": made["FunctionArn"]})  # fmt: skip


def local_path(value: Any) -> str | None:
    """The path in a template's folder that a `Code` property means, or None for S3 and inline."""
    if isinstance(value, str):
        return None if value.startswith("s3://") else value
    if isinstance(value, dict) and value.get("S3Bucket") == LOCAL_BUCKET:
        return str(value["S3Key"])
    return None


def runtime_obstacle(properties: Mapping[str, Any]) -> str | None:
    """Why the lab cannot run a function, as far as its properties can tell before resolving."""
    runtime = properties.get("Runtime")
    if properties.get("PackageType") == "Image":
        return f"container images do not run in the lab; {_OTHER_WAY}"
    if isinstance(runtime, str) and not runtime.startswith("python"):
        return f"the lab runs Python functions, and this is {runtime}; {_OTHER_WAY}"
    return None


def _layers(resource: Resource) -> list[str] | None:
    """The layers that the lab has; another account's are listed."""
    layers = [str(arn) for arn in resource.take("Layers") or ()]
    ours = [arn for arn in layers if f":{resource.account}:layer:" in arn]
    for arn in layers:
        if arn not in ours:
            resource.unread.add(f"layer {arn} (name its packages in requirements.txt)")
    return ours or None


def _note_newer(resource: Resource) -> None:
    runtime = str(resource.properties.get("Runtime", ""))
    found = re.fullmatch(r"python(\d+)\.(\d+)", runtime)
    here = sys.version_info[:2]
    if found and (int(found[1]), int(found[2])) > here:
        resource.work.notes.add(
            f"{resource.logical_id}: Python {here[0]}.{here[1]}, the lab's own, "
            f"in place of {runtime}"
        )


def _code(resource: Resource) -> dict[str, Any]:
    value = resource.need("Code")
    if isinstance(value, dict) and "ZipFile" in value:
        return {"ZipFile": code.inline(value["ZipFile"])}
    return _archive(resource, value)


def _archive(resource: Resource, value: Any, is_layer: bool = False) -> dict[str, Any]:
    """Code or a layer's content as the API takes it: the bytes of a folder, or a place in S3.

    A layer that is to be built (it has requirements and no folder `python`) goes into that folder.
    """
    path = local_path(value)
    if path is not None:
        folder = resource.folder / path
        built = is_layer and (folder / "requirements.txt").is_file()
        inside = "python" if built and not (folder / "python").exists() else ""
        return {"ZipFile": code.package(folder, resource.cache_dir, inside)}
    if isinstance(value, dict) and "S3Bucket" in value:
        return value
    raise TemplateError("the code is neither a folder nor inline nor in S3")
