"""What an operator has set in a running lab, and who must know: told again to what was restarted.

These are the doors that AWS does not have: cut Regions, replication lag, propagation to the name
server, forced health checks, and stand-ins for what aliases point at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gameday.lab.hub import Hub

FOLLOW_ALIASES = ("dns", "checkers", "cloud")


class Operator:
    """The settings; `record` writes an event into the lab's journal."""

    def __init__(
        self,
        hub: Hub,
        lag_s: tuple[float, float],
        propagation_s: float,
        record: Callable[[dict[str, Any]], None],
    ) -> None:
        self._hub, self._record = hub, record
        self.cut: set[str] = set()
        self.lag_s, self.propagation_s = lag_s, propagation_s
        self.forced: dict[str, bool] = {}
        self.resources: dict[str, dict[str, Any]] = {}  # stand-ins for alias targets, by name

    def tell_fault(self) -> dict[str, Any]:
        """Tell every process which Regions are cut, and the replication lag."""
        fault = {"cut": sorted(self.cut), "lag_s": list(self.lag_s)}
        self._hub.broadcast("fault", **fault)
        self._record({"kind": "lab.fault", **fault})
        return {"cut": fault["cut"]}

    def propagate(self, propagation_s: float) -> None:
        """From now on a verdict takes so many AWS seconds to reach the name server."""
        self.propagation_s = propagation_s
        self._tell_propagation()
        self._record({"kind": "lab.propagation", "propagation_s": propagation_s})

    def force(self, check: str, healthy: bool | None) -> None:
        """An operator's word on a health check; None takes it back."""
        if healthy is None:
            self.forced.pop(check, None)
        else:
            self.forced[check] = healthy
        self._tell_forced(check, healthy)
        self._record({"kind": "lab.forced", "check": check, "healthy": healthy})

    def stand_in(self, name: str, resource: dict[str, Any] | None) -> None:
        """What the alias target `name` resolves to from now on; None withdraws it."""
        if resource is None:
            self.resources.pop(name, None)
        else:
            self.resources[name] = resource
        self._tell_resources()
        self._record({"kind": "lab.resource", "name": name, "resource": resource})

    def retell(self) -> None:
        """Tell everything: a process was started again and knows nothing."""
        self.tell_fault()
        self._tell_resources()
        self._tell_propagation()
        for check, healthy in self.forced.items():
            self._tell_forced(check, healthy)
        self._send("checkers", {"kind": "retell"})

    def _tell_forced(self, check: str, healthy: bool | None) -> None:
        self._send("checkers", {"kind": "forced", "check": check, "healthy": healthy})

    def _tell_propagation(self) -> None:
        self._send("dns", {"kind": "propagation", "propagation_s": self.propagation_s})

    def _tell_resources(self) -> None:
        for name in FOLLOW_ALIASES:
            self._send(name, {"kind": "resources", "resources": self.resources})

    def _send(self, name: str, message: dict[str, Any]) -> None:
        self._hub.children[name].send(message | {"from": "supervisor"})
