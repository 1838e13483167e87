"""Routing controls: the switches behind RECOVERY_CONTROL health checks (ARC's cluster API).

A control is there as soon as a health check refers to it, and Off until it is switched on, as a
new one is on AWS. Clusters, control panels and safety rules are not modelled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gameday.lab.cloud import paging
from gameday.lab.cloud.own import Handler, Params, Result
from gameday.lab.cloud.wire import Fault

STATES = ("On", "Off")


class RoutingControls:
    """The state of every control; `known()` are the ARNs that health checks refer to."""

    def __init__(self, known: Callable[[], Iterable[str]]) -> None:
        self._known = known
        self._states: dict[str, str] = {}

    def handlers(self) -> dict[str, Handler]:
        """By operation name."""
        return {
            "GetRoutingControlState": lambda _, p: self._shown(self._found(p["RoutingControlArn"])),
            "ListRoutingControls": self._list,
            "UpdateRoutingControlState": lambda _, p: self._update([p]),
            "UpdateRoutingControlStates": lambda _, p: self._update(
                p["UpdateRoutingControlStateEntries"]
            ),
        }

    def states(self) -> dict[str, str]:
        """On or Off by ARN."""
        return {arn: self._states.get(arn, "Off") for arn in sorted(set(self._known()))}

    def _found(self, arn: str) -> str:
        if arn not in self.states():
            text = f"There is no health check with routing control {arn} in this lab."
            raise Fault("ResourceNotFoundException", text)
        return arn

    def _shown(self, arn: str) -> dict[str, Any]:
        return {
            "RoutingControlArn": arn,
            "RoutingControlName": arn.rpartition("/")[2],
            "RoutingControlState": self.states()[arn],
        }

    def _list(self, _: str, params: Params) -> Result:
        panel = params.get("ControlPanelArn")
        rows = [
            self._shown(arn) | {"ControlPanelArn": arn.rpartition("/routingcontrol/")[0]}
            for arn in self.states()
            if not panel or arn.startswith(f"{panel}/")
        ]
        return paging.by_token(params, "RoutingControls", rows)

    def _update(self, entries: list[dict[str, Any]]) -> Result:
        """All or none."""
        for entry in entries:
            self._found(entry["RoutingControlArn"])
            if entry["RoutingControlState"] not in STATES:
                raise Fault("ValidationException", "RoutingControlState is On or Off.")
        self._states |= {e["RoutingControlArn"]: e["RoutingControlState"] for e in entries}
        return {}
