"""The variables of an execution environment, built from a list and never from the caller's own.

A shell may hold real credentials, a profile, a proxy or a PYTHONPATH; none of it may reach code
that the lab runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

DUMMY_KEY = "gameday"


def base_variables(spec: Mapping[str, Any]) -> dict[str, str]:
    """What every environment of the Region has, the zygote included.

    DynamoDB is addressed at the Region's own port: what is inside a Region keeps talking when the
    Region is cut off from outside.
    """
    region: str = spec["region"]
    here: Mapping[str, Any] = spec["regions"][region]
    authority: str = spec["ca_file"]
    return {
        "PATH": f"{os.path.dirname(sys.executable)}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": DUMMY_KEY,
        "AWS_SECRET_ACCESS_KEY": DUMMY_KEY,
        "AWS_SESSION_TOKEN": DUMMY_KEY,
        "AWS_ENDPOINT_URL": spec["aws_endpoint"],
        "AWS_ENDPOINT_URL_DYNAMODB": f"http://{here['bind']}:{here['dynamodb']}",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.0/8,localhost",
        "AWS_CA_BUNDLE": authority,
        "SSL_CERT_FILE": authority,
        "REQUESTS_CA_BUNDLE": authority,
    }  # fmt: skip


def environment_variables(
    base: Mapping[str, str], name: str, function: Mapping[str, Any], runtime_api: str,
    log_stream: str,
) -> dict[str, str]:  # fmt: skip
    """The variables of one environment of `function`; what Lambda reserves wins over its own."""
    memory_mb = function["memory_mb"]
    own = {str(k): str(v) for k, v in (function.get("environment") or {}).items()}
    return own | dict(base) | _layer_path(function) | {
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.get("version", "$LATEST"),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": log_group(name, function),
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function['runtime']}",
        "_HANDLER": function["handler"],
        "LAMBDA_TASK_ROOT": function["code"],
    }  # fmt: skip


def log_group(name: str, function: Mapping[str, Any]) -> str:
    """Where the logs of `function` go in CloudWatch Logs."""
    return str(function.get("log_group") or f"/aws/lambda/{name}")


def _layer_path(function: Mapping[str, Any]) -> dict[str, str]:
    """Where modules of layers are found, in the folders of the page "Packaging your layer content".

    The lab unpacks each layer into a folder of its own; there is no /opt.
    """
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    inner = ("python", f"python/lib/{version}/site-packages")
    found = [os.path.join(layer, part) for layer in function.get("layers") or () for part in inner]
    return {"PYTHONPATH": os.pathsep.join(found)} if found else {}
