"""Operations of Lambda's API that moto has not, or has otherwise than AWS.

Event source mappings (moto would invoke the function itself, once a message is sent) and the
settings of asynchronous invocations (moto never replaces them).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from gameday import clock
from gameday.lab.cloud import mappings
from gameday.lab.cloud.moto_app import Moto
from gameday.lab.cloud.own import Handler, Params, Result
from gameday.lab.cloud.wire import Fault
from gameday.lab.functions.references import LATEST, split

CONCURRENCY = 1000
UNRESERVED_MIN = 100
"""What no function may reserve (page "Configuring reserved concurrency")."""

_INVOKE_SETTINGS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")


class LambdaApi:
    """Handlers by operation, and what Regions are told of them."""

    def __init__(self, moto: Moto, account: str, concurrency: int = CONCURRENCY) -> None:
        self._moto, self._account, self._concurrency = moto, account, concurrency
        self._mappings: dict[str, dict[str, mappings.Mapping]] = {}  # Region -> id ->
        self._settings: dict[tuple[str, str, str], dict[str, Any]] = {}  # Region, name, qualifier

    def handlers(self) -> dict[str, Handler]:
        """By operation name."""
        return {
            "CreateEventSourceMapping": self._create,
            "GetEventSourceMapping": self._get,
            "UpdateEventSourceMapping": self._update,
            "DeleteEventSourceMapping": self._delete,
            "ListEventSourceMappings": self._list,
            "PutFunctionEventInvokeConfig": self._put_settings,
            "UpdateFunctionEventInvokeConfig": self._update_settings,
            "GetFunctionEventInvokeConfig": self._get_settings,
            "DeleteFunctionEventInvokeConfig": self._delete_settings,
            "ListFunctionEventInvokeConfigs": self._list_settings,
            "CreateFunctionUrlConfig": self._create_url,
            "PutFunctionConcurrency": self._reserve,
            "GetAccountSettings": self._account_settings,
        }

    def event_sources(self, region: str) -> list[dict[str, Any]]:
        """The enabled mappings of a Region, as its snapshot has them."""
        every = self._mappings.get(region, {}).values()
        return [mappings.told(m) for m in every if m["State"] == "Enabled"]

    def add_settings(self, region: str, functions: dict[str, Any]) -> dict[str, Any]:
        """`functions` of a snapshot, each with the settings of its asynchronous invocations.

        Settings end with their function.
        """
        for key in [k for k in self._settings if k[0] == region and k[1] not in functions]:
            del self._settings[key]
        for name, body in functions.items():
            body["asynchronous"] = {
                qualifier: _told(settings)
                for (where, of, qualifier), settings in self._settings.items()
                if (where, of) == (region, name)
            }
        return functions

    # -- event source mappings -----------------------------------------------------------------

    def _create(self, region: str, params: Params) -> Result:
        reference = params.get("FunctionName", "")
        function = self._function(region, reference)
        known = self._mappings.setdefault(region, {})
        arn = params.get("EventSourceArn", "")
        qualifier = split(reference)[1]
        function_arn = f"{function}:{qualifier}" if qualifier else function
        for other in known.values():
            if (other["EventSourceArn"], other["FunctionArn"]) == (arn, function_arn):
                raise Fault("ResourceConflictException",
                            f"The event source {arn} and the function {function_arn} are mapped "
                            f"already, by {other['UUID']}")  # fmt: skip
        identity = str(uuid.uuid4())
        made = mappings.create(params, function_arn, region) | {
            "UUID": identity,
            "LastModified": _now(),
            "EventSourceMappingArn":
                f"arn:aws:lambda:{region}:{self._account}:event-source-mapping:{identity}",
        }  # fmt: skip
        if ":sqs:" in arn:
            self._check_queue(arn)
        known[identity] = made
        return {**made, "State": "Creating" if made["State"] == "Enabled" else "Disabled"}

    def _check_queue(self, arn: str) -> None:
        _, _, _, region, _, name = arn.split(":", 5)
        self._moto.use("sqs")
        if name not in self._moto.backend("sqs", region).queues:
            raise Fault("InvalidParameterValueException",
                        f"Error occurred while ReceiveMessage. SQS Error Code: "
                        f"AWS.SimpleQueueService.NonExistentQueue: {name}")  # fmt: skip

    def _find(self, region: str, identity: str) -> mappings.Mapping:
        found = self._mappings.get(region, {}).get(identity)
        if found is None:
            raise Fault("ResourceNotFoundException", "The resource you requested does not exist.")
        return found

    def _get(self, region: str, params: Params) -> Result:
        return self._find(region, params["UUID"])

    def _update(self, region: str, params: Params) -> Result:
        mapping = self._find(region, params["UUID"])
        if params.get("FunctionName"):
            mapping["FunctionArn"] = self._function(region, params["FunctionName"])
        mappings.update(mapping, params)
        mapping["LastModified"] = _now()
        return {**mapping, "State": "Updating"}

    def _delete(self, region: str, params: Params) -> Result:
        mapping = self._find(region, params["UUID"])
        del self._mappings[region][mapping["UUID"]]
        return {**mapping, "State": "Deleting"}

    def _list(self, region: str, params: Params) -> Result:
        source, reference = params.get("EventSourceArn"), params.get("FunctionName")
        wanted = split(reference) if reference else None
        return {
            "EventSourceMappings": [
                m for m in self._mappings.get(region, {}).values()
                if source in (None, m["EventSourceArn"])
                and wanted in (None, split(m["FunctionArn"]))
            ]
        }  # fmt: skip

    # -- settings of asynchronous invocations --------------------------------------------------

    def _key(self, region: str, params: Params) -> tuple[str, str, str]:
        name, qualifier = split(params["FunctionName"])
        qualifier = params.get("Qualifier") or qualifier or LATEST
        self._function(region, name, None if qualifier == LATEST else qualifier)
        return region, name, qualifier

    def _put_settings(self, region: str, params: Params) -> Result:
        return self._set(self._key(region, params), {}, params)

    def _update_settings(self, region: str, params: Params) -> Result:
        key = self._key(region, params)
        return self._set(key, self._existing(key), params)

    def _set(self, key: tuple[str, str, str], before: dict[str, Any], params: Params) -> Result:
        given = {k: params[k] for k in _INVOKE_SETTINGS if params.get(k) is not None}
        mappings.check_range(given, "MaximumRetryAttempts", 0, 2)
        mappings.check_range(given, "MaximumEventAgeInSeconds", 60, 21_600)
        self._settings[key] = before | given
        return self._shown(key)

    def _get_settings(self, region: str, params: Params) -> Result:
        key = self._key(region, params)
        self._existing(key)
        return self._shown(key)

    def _delete_settings(self, region: str, params: Params) -> Result:
        key = self._key(region, params)
        self._existing(key)
        del self._settings[key]
        return {}

    def _list_settings(self, region: str, params: Params) -> Result:
        name = split(params["FunctionName"])[0]
        self._function(region, name)
        found = [key for key in self._settings if key[:2] == (region, name)]
        return {"FunctionEventInvokeConfigs": [self._shown(key) for key in found]}

    def _existing(self, key: tuple[str, str, str]) -> dict[str, Any]:
        if key not in self._settings:
            arn = self._arn(key)
            raise Fault("ResourceNotFoundException",
                        f"The function {arn} doesn't have an EventInvokeConfig")  # fmt: skip
        return self._settings[key]

    def _shown(self, key: tuple[str, str, str]) -> Result:
        return {"LastModified": _now(), "FunctionArn": self._arn(key), **self._settings[key]}

    def _arn(self, key: tuple[str, str, str]) -> str:
        region, name, qualifier = key
        return f"arn:aws:lambda:{region}:{self._account}:function:{name}:{qualifier}"

    # -- function URLs -------------------------------------------------------------------------

    def _create_url(self, region: str, params: Params) -> Result:
        """A URL of a function, or of its alias, which moto forgets; one for each function."""
        name, named = split(params["FunctionName"])
        qualifier = params.get("Qualifier") or named
        arn = self._function(region, name, qualifier)
        config = {k: params[k] for k in ("AuthType", "Cors", "InvokeMode") if params.get(k)}
        made = self._moto.backend("lambda", region).create_function_url_config(name, config)
        made.qualifier = qualifier
        shown: Result = made.to_dict()
        return shown | {"FunctionArn": f"{arn}:{qualifier}" if qualifier else arn}

    # -- the account ---------------------------------------------------------------------------

    def _reserve(self, region: str, params: Params) -> Result:
        name, wanted = split(params["FunctionName"])[0], params["ReservedConcurrentExecutions"]
        self._function(region, name)
        others = [f for f in self._functions(region) if f.function_name != name]
        left = self._concurrency - sum(int(f.reserved_concurrency or 0) for f in others) - wanted
        if wanted and left < UNRESERVED_MIN:
            raise Fault("InvalidParameterValueException",
                        "Specified ReservedConcurrentExecutions for function decreases account's "
                        "UnreservedConcurrentExecution below its minimum value of "
                        f"[{UNRESERVED_MIN}].")  # fmt: skip
        self._moto.backend("lambda", region).put_function_concurrency(name, wanted)
        return {"ReservedConcurrentExecutions": wanted}

    def _account_settings(self, region: str, params: Params) -> Result:
        every = self._functions(region)
        reserved = sum(int(f.reserved_concurrency or 0) for f in every)
        size = sum(f.code_size for f in every)
        return {
            "AccountLimit": {
                "TotalCodeSize": 80_530_636_800, "CodeSizeUnzipped": 262_144_000,
                "CodeSizeZipped": 52_428_800, "ConcurrentExecutions": self._concurrency,
                "UnreservedConcurrentExecutions": self._concurrency - reserved,
            },
            "AccountUsage": {"TotalCodeSize": size, "FunctionCount": len(every)},
        }  # fmt: skip

    def _functions(self, region: str) -> list[Any]:
        self._moto.use("lambda")
        return list(self._moto.backend("lambda", region).list_functions())

    def _function(self, region: str, reference: str, qualifier: str | None = None) -> str:
        """The ARN, without a qualifier, of the function that `reference` means."""
        name, named = split(reference)
        qualifier = qualifier or named
        lookup: Callable[..., Any] = self._moto.backend("lambda", region).get_function
        try:
            lookup(name, qualifier)
        except Exception:  # moto's own error, which is for its own responses
            arn = f"arn:aws:lambda:{region}:{self._account}:function:{name}"
            whole = f"{arn}:{qualifier}" if qualifier else arn
            raise Fault("ResourceNotFoundException", f"Function not found: {whole}") from None
        return f"arn:aws:lambda:{region}:{self._account}:function:{name}"


def _told(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings of asynchronous invocations as a Region is told of them."""
    destinations = settings.get("DestinationConfig") or {}
    told: dict[str, Any] = {
        "on_success": (destinations.get("OnSuccess") or {}).get("Destination"),
        "on_failure": (destinations.get("OnFailure") or {}).get("Destination"),
    }
    if "MaximumRetryAttempts" in settings:
        told["retries"] = int(settings["MaximumRetryAttempts"])
    if "MaximumEventAgeInSeconds" in settings:
        told["age_max_s"] = int(settings["MaximumEventAgeInSeconds"])
    return told


def _now() -> datetime:
    return datetime.fromtimestamp(clock.now(), UTC)
