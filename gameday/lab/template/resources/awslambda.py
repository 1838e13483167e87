"""Lambda functions and who may invoke them."""

from __future__ import annotations

from typing import Any

from gameday.errors import TemplateError
from gameday.lab.template import code
from gameday.lab.template.resource import Made, Resource, tags_of
from gameday.lab.template.resources import handles
from gameday.lab.template.sam import LOCAL_BUCKET


@handles("AWS::Lambda::Function", "Arn")
def function(resource: Resource) -> Made:
    """A function; its code is zipped from the folder that the template names."""
    name = resource.take("FunctionName") or resource.generated(64)
    made = resource.call(
        "lambda", "create_function", FunctionName=name, Role=resource.need("Role"),
        Code=_code(resource), Tags=tags_of(resource.take("Tags")),
        **resource.some(
            "Runtime", "Handler", "Timeout", "MemorySize", "Environment", "Description",
            "Architectures", "EphemeralStorage", "Layers", "TracingConfig", "PackageType",
            "DeadLetterConfig", "LoggingConfig",
        ),
    )  # fmt: skip
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
    """A version; Ref gives its ARN. The lab's Regions run the function as it is now."""
    made = resource.call("lambda", "publish_version",
                         **resource.some("FunctionName", "Description", "CodeSha256"))  # fmt: skip
    arn = made["FunctionArn"]
    return Made(arn, {"Version": made["Version"], "FunctionArn": arn})


@handles("AWS::Lambda::Alias", "AliasArn")
def alias(resource: Resource) -> Made:
    """An alias; Ref gives its ARN. Weights between versions are listed: there is one version."""
    made = resource.call("lambda", "create_alias",
                         **resource.some("Name", "FunctionName", "FunctionVersion",
                                         "Description"))  # fmt: skip
    return Made(made["AliasArn"], {"AliasArn": made["AliasArn"]})


@handles("AWS::Lambda::Url", "FunctionUrl", "FunctionArn")
def url(resource: Resource) -> Made:
    """A function URL; Ref gives the function's ARN. IAM is not checked."""
    name = str(resource.need("TargetFunctionArn"))
    resource.take("Qualifier")
    arn = ":".join(name.split(":")[:7])  # an alias' URL is the function's
    made = resource.call("lambda", "create_function_url_config", FunctionName=arn,
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


def _code(resource: Resource) -> dict[str, Any]:
    value = resource.need("Code")
    path = local_path(value)
    if path is not None:
        return {"ZipFile": code.package(resource.folder / path, resource.cache_dir)}
    if isinstance(value, dict) and "ZipFile" in value:
        return {"ZipFile": code.inline(value["ZipFile"])}
    if isinstance(value, dict) and "S3Bucket" in value:
        return value
    raise TemplateError("Code is neither a folder nor inline nor in S3; images do not run here")
