"""Event source mappings as values: checked, shown, and as Regions are told of them. Pure.

SQS queues and DynamoDB streams. Limits and defaults are those of the pages "Lambda parameters for
Amazon SQS (Amazon DynamoDB) event source mappings".
"""

from __future__ import annotations

import json
from typing import Any

from gameday.lab.cloud.wire import Fault
from gameday.lab.functions.references import split

Mapping = dict[str, Any]

_BATCH_MAX = {"sqs": 10_000, "fifo": 10, "dynamodb": 10_000}
_BATCH_DEFAULT = {"sqs": 10, "fifo": 10, "dynamodb": 100}
_QUEUE = frozenset({"ScalingConfig"})
_STREAM = frozenset(
    {"StartingPosition", "BisectBatchOnFunctionError", "MaximumRecordAgeInSeconds",
     "MaximumRetryAttempts", "DestinationConfig", "ParallelizationFactor"}
)  # fmt: skip
_BOTH = frozenset(
    {"EventSourceArn", "FunctionName", "Enabled", "BatchSize", "FilterCriteria", "UUID",
     "MaximumBatchingWindowInSeconds", "FunctionResponseTypes", "Tags", "MetricsConfig",
     "KMSKeyArn"}
)  # fmt: skip
_STREAM_DEFAULTS = {
    "BisectBatchOnFunctionError": False, "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1, "ParallelizationFactor": 1,
}  # fmt: skip
_SHOWN = (_QUEUE | _STREAM | _BOTH) - {"Enabled", "FunctionName", "UUID", "Tags"}


def create(params: Mapping, function_arn: str, region: str) -> Mapping:
    """A new mapping from the parameters of CreateEventSourceMapping.

    :raises Fault: a source or a parameter that there is not, or a value out of its range.
    """
    arn = params.get("EventSourceArn") or ""
    kind = _kind(arn)
    if kind is None:
        raise _bad(f"Unrecognized event source: {arn or 'none'}; the lab has SQS queues and "
                   "DynamoDB streams")  # fmt: skip
    if arn.split(":")[3] != region:
        raise _bad(f"The event source {arn} is not in {region}, the function's Region")
    if kind == "dynamodb" and params.get("StartingPosition") not in ("LATEST", "TRIM_HORIZON"):
        raise _bad("StartingPosition of a DynamoDB stream is LATEST or TRIM_HORIZON")
    mapping: Mapping = {
        "EventSourceArn": arn, "FunctionArn": function_arn, "State": "Enabled",
        "StateTransitionReason": "USER_INITIATED", "BatchSize": _BATCH_DEFAULT[kind],
        "MaximumBatchingWindowInSeconds": 0, "FunctionResponseTypes": [],
        **(_STREAM_DEFAULTS if kind == "dynamodb" else {}),
    }  # fmt: skip
    update(mapping, params)
    return mapping


def update(mapping: Mapping, params: Mapping) -> None:
    """Change `mapping` as the parameters say.

    :raises Fault: see `create`; `mapping` is as before then.
    """
    kind = _kind(mapping["EventSourceArn"])
    assert kind
    given = {k: v for k, v in params.items() if v is not None}
    known = _BOTH | (_STREAM if kind == "dynamodb" else _QUEUE)
    for name in sorted(given.keys() - known):
        raise _bad(f"{name} is not a parameter of this event source, or the lab has not got it")
    check_range(given, "BatchSize", 1, _BATCH_MAX[kind])
    check_range(given, "MaximumBatchingWindowInSeconds", 0, 300)
    check_range(given, "MaximumRetryAttempts", -1, 10_000)
    check_range(given, "MaximumRecordAgeInSeconds", -1, 604_800)
    whole = mapping | given
    if whole["BatchSize"] > 10 and kind == "sqs" and not whole["MaximumBatchingWindowInSeconds"]:
        raise _bad("Maximum batch window in seconds must be greater than 0 if maximum batch size "
                   "is greater than 10")  # fmt: skip
    _patterns(given.get("FilterCriteria"))
    mapping.update({k: v for k, v in given.items() if k in _SHOWN})
    if "Enabled" in given:
        mapping["State"] = "Enabled" if given["Enabled"] else "Disabled"


def told(mapping: Mapping) -> dict[str, Any]:
    """What a Region is told of a mapping (docs/architecture.md, snapshots)."""
    name, qualifier = split(mapping["FunctionArn"])
    failure = (mapping.get("DestinationConfig") or {}).get("OnFailure") or {}
    return {
        "id": mapping["UUID"],
        "function": f"{name}:{qualifier}" if qualifier else name,
        "function_arn": mapping["FunctionArn"],
        "source": mapping["EventSourceArn"],
        "batch_size": mapping["BatchSize"],
        "window_s": mapping["MaximumBatchingWindowInSeconds"],
        "reports": "ReportBatchItemFailures" in mapping["FunctionResponseTypes"],
        "filters": _patterns(mapping.get("FilterCriteria")),
        "at_once": (mapping.get("ScalingConfig") or {}).get("MaximumConcurrency"),
        "starting_position": mapping.get("StartingPosition"),
        "bisect": bool(mapping.get("BisectBatchOnFunctionError")),
        "retries": mapping.get("MaximumRetryAttempts", -1),
        "age_max_s": mapping.get("MaximumRecordAgeInSeconds", -1),
        "on_failure": failure.get("Destination"),
    }


def check_range(given: Mapping, name: str, low: int, high: int) -> None:
    """:raises Fault: `given[name]`, if it is there, is not within `low` to `high`."""
    value = given.get(name)
    if value is not None and not low <= value <= high:
        raise Fault("InvalidParameterValueException",
                    f"{name} is {low} to {high}, and this is {value}")  # fmt: skip


def _kind(arn: str) -> str | None:
    parts = arn.split(":")
    if len(parts) == 6 and parts[2] == "sqs":
        return "fifo" if arn.endswith(".fifo") else "sqs"
    return "dynamodb" if len(parts) > 5 and parts[2] == "dynamodb" and "/stream/" in arn else None


def _patterns(criteria: Any) -> list[dict[str, Any]]:
    """The patterns of a FilterCriteria, read from their JSON."""
    patterns = []
    for about in (criteria or {}).get("Filters") or ():
        try:
            pattern = json.loads(about.get("Pattern") or "{}")
        except ValueError:
            pattern = None
        if not isinstance(pattern, dict):
            raise _bad(f"Invalid filter pattern definition: {about.get('Pattern')}")
        patterns.append(pattern)
    return patterns


def _bad(message: str) -> Fault:
    return Fault("InvalidParameterValueException", message)
