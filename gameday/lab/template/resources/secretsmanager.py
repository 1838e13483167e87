"""Secrets, given or generated."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from gameday.lab.template.resource import Made, Resource
from gameday.lab.template.resources import handles


@handles("AWS::SecretsManager::Secret", "Id")
def secret(resource: Resource) -> Made:
    """A secret; Ref gives its ARN."""
    name = resource.take("Name") or resource.generated()
    value, about = resource.take("SecretString"), resource.take("GenerateSecretString")
    made = resource.call(
        "secretsmanager", "create_secret", Name=name,
        SecretString=value if about is None else _generated(resource, about),
        **resource.some("Description", "KmsKeyId", "Tags"),
    )  # fmt: skip
    return Made(made["ARN"], {"Id": made["ARN"]})


def _generated(resource: Resource, about: dict[str, Any]) -> str:
    """A password, alone or within a template; in a lab of the same seed always the same."""
    length = int(about.get("PasswordLength", 32))
    seed = f"{resource.account}/{resource.region}/{resource.stack}/{resource.logical_id}"
    password = hashlib.shake_256(seed.encode()).hexdigest(length)[:length]
    template, key = about.get("SecretStringTemplate"), about.get("GenerateStringKey")
    return json.dumps(json.loads(template) | {key: password}) if template and key else password
