"""The Region's own replica of the table, and nobody else's."""

from __future__ import annotations

import os
from typing import Any

import boto3
from botocore.config import Config


def table(timeout_s: float, attempts: int) -> Any:
    """The table that TABLE_NAME names; `timeout_s` bounds each of up to `attempts` tries."""
    config = Config(
        connect_timeout=timeout_s,
        read_timeout=timeout_s,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    name = os.environ.get("TABLE_NAME", "dynamo_serverless")
    return boto3.resource("dynamodb", config=config).Table(name)
