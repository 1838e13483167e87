"""Dynamic references: `{{resolve:ssm:NAME}}` and `{{resolve:secretsmanager:...}}` in properties.

They are resolved when a resource is created, against what the lab has there then (page "Use dynamic
references").
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from gameday.errors import TemplateError

Client = Callable[[str], Any]
"""The boto3 client of a service."""

_REFERENCE = re.compile(r"\{\{resolve:([a-z-]+):([^}]+)\}\}")


def resolve(value: Any, client: Client) -> Any:
    """`value` with every dynamic reference in it replaced by what it names.

    :raises TemplateError: a service that is not one of the three, or a key that is not there. What
        the service itself says comes as its own error.
    """
    if isinstance(value, dict):
        return {name: resolve(item, client) for name, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, client) for item in value]
    if not isinstance(value, str) or "{{resolve:" not in value:
        return value
    return _REFERENCE.sub(lambda found: _value(found[1], found[2], client), value)


def _value(service: str, reference: str, client: Client) -> str:
    match service:
        case "ssm" | "ssm-secure":
            answer = client("ssm").get_parameter(Name=reference, WithDecryption=True)
            return str(answer["Parameter"]["Value"])
        case "secretsmanager":
            return _secret(reference, client("secretsmanager"))
    raise TemplateError(f"{{{{resolve:{service}:...}}}} is not one of ssm, ssm-secure and "
                        "secretsmanager")  # fmt: skip


def _secret(reference: str, secrets: Any) -> str:
    """`id:SecretString:json-key:version-stage:version-id`, all but the id left out at will."""
    arn = re.fullmatch(r"(arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:[^:]+)(?::(.*))?", reference)
    identity, rest = (arn[1], arn[2] or "") if arn else (reference.partition(":")[::2])
    _, key, stage, version = (*rest.split(":"), "", "", "", "")[:4]
    chosen = {"VersionStage": stage} if stage else {"VersionId": version} if version else {}
    whole = str(secrets.get_secret_value(SecretId=identity, **chosen)["SecretString"])
    if not key:
        return whole
    try:
        return str(json.loads(whole)[key])
    except (ValueError, KeyError, TypeError):
        raise TemplateError(f"the secret {identity} has no key {key}") from None
