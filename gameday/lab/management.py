"""The commands of the management API: what only a simulator can do to a running lab."""

from __future__ import annotations

import asyncio
import math
import os
import signal
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gameday.errors import UsageError
from gameday.journal import EventLog
from gameday.lab.alias_targets import parse_resource
from gameday.route53.zone import canonical

if TYPE_CHECKING:
    from gameday.lab.lab import Lab


class Management:
    """The commands over one lab; `routes` is what `lab/admin.py` serves."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def routes(self) -> dict[tuple[str, str], Any]:
        """(method, path pattern) -> command."""
        return {
            ("GET", "/status"): self._status,
            ("POST", "/down"): self._down,
            ("PUT", "/run"): self._join_run,
            ("PUT", "/regions/([a-z0-9-]+)/cut"): self._cut,
            ("DELETE", "/regions/([a-z0-9-]+)/cut"): self._heal,
            ("POST", "/regions/([a-z0-9-]+)/kill"): self._kill,
            ("PUT", "/replication"): self._replication,
            ("PUT", "/propagation"): self._propagation,
            ("PUT", "/health-checks/([0-9A-Za-z-]+)/forced"): self._force,
            ("DELETE", "/health-checks/([0-9A-Za-z-]+)/forced"): self._release,
            ("PUT", "/resources/([^/?]{1,255})"): self._stand_in,
            ("DELETE", "/resources/([^/?]{1,255})"): self._withdraw,
        }

    async def _status(self, _body: Any) -> dict[str, Any]:
        lab, config, operator = self._lab, self._lab.config, self._lab.operator
        names = list(lab.hub.children)
        answers = await asyncio.gather(*(lab.hub.ask(n) for n in names))
        return {
            "lab": config.name,
            "pid": os.getpid(),
            "started_at": lab.started_at,
            "speed": config.speed,
            "seed": config.seed,
            "aws_endpoint": lab.spec["aws_endpoint"],
            "dns": lab.spec["dns"],
            "checker_count": lab.spec["checker_count"],
            "propagation_s": operator.propagation_s,
            "regions": lab.spec["regions"],
            "cut": sorted(operator.cut),
            "lag_s": list(operator.lag_s),
            "lost": lab.lost,
            "forced": operator.forced,
            "resources": operator.resources,
            "warnings": lab.warnings,
            "left_out": [asdict(x) for x in lab.deployment.left_out] if lab.deployment else [],
            "stacks": [
                {
                    "name": s.name,
                    "region": s.region,
                    "template": str(s.template),
                    "resources": dict(s.resources),
                }
                for s in (lab.deployment.stacks if lab.deployment else ())
            ],
            "processes": {
                n: {"pid": lab.hub.children[n].process.pid, "status": a}
                for n, a in zip(names, answers, strict=True)
            },
        }

    async def _down(self, _body: Any) -> None:
        asyncio.get_running_loop().call_later(0.05, self._lab.down.set)

    async def _join_run(self, body: Any) -> None:
        """Lab events are written into the run as well, until another run joins."""
        folder = body.get("dir") or ""
        if not isinstance(folder, str):
            raise UsageError('send {"dir": "RUN_DIR"}, or {} for none')
        del self._lab.journals[1:]
        if folder:
            self._lab.journals.append(EventLog(Path(folder) / "events" / "lab.jsonl"))

    async def _cut(self, region: str, _body: Any) -> dict[str, Any]:
        self._known(region)
        self._lab.operator.cut.add(region)
        return self._lab.operator.tell_fault()

    async def _heal(self, region: str, _body: Any) -> dict[str, Any]:
        self._known(region)
        self._lab.operator.cut.discard(region)
        return self._lab.operator.tell_fault()

    def _known(self, region: str) -> None:
        if region not in self._lab.config.regions:
            raise UsageError(
                f"{region} is not a Region of this lab ({', '.join(self._lab.config.regions)})"
            )

    async def _kill(self, region: str, _body: Any) -> None:
        self._known(region)
        self._lab.hub.children[f"region/{region}"].process.send_signal(signal.SIGKILL)

    async def _replication(self, body: Any) -> dict[str, Any]:
        try:
            low, high = (float(x) for x in body["lag_s"])
        except (KeyError, TypeError, ValueError):
            raise UsageError('send {"lag_s": [LOW, HIGH]}, AWS seconds') from None
        if not 0 <= low <= high < math.inf:
            raise UsageError("replication lag is LOW <= HIGH, not negative")
        self._lab.operator.lag_s = (low, high)
        return self._lab.operator.tell_fault()

    async def _propagation(self, body: Any) -> dict[str, Any]:
        given = body.get("propagation_s")
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < 3600:
            raise UsageError('send {"propagation_s": S}, AWS seconds from 0 to 3600')
        self._lab.operator.propagate(float(given))
        return {"propagation_s": float(given)}

    async def _force(self, check: str, body: Any) -> None:
        if not isinstance(body.get("healthy"), bool):
            raise UsageError('send {"healthy": true} or {"healthy": false}')
        checkers = await self._lab.hub.ask("checkers")
        if checkers and check not in checkers["checks"]:
            known = ", ".join(checkers["checks"]) or "none"
            raise UsageError(f"there is no health check {check}; there are: {known}")
        self._lab.operator.force(check, body["healthy"])

    async def _release(self, check: str, _body: Any) -> None:
        self._lab.operator.force(check, None)

    async def _stand_in(self, name: str, body: Any) -> dict[str, Any]:
        """What an alias target outside every zone resolves to, and its health."""
        known, resource = parse_resource(name, body)
        self._lab.operator.stand_in(known, resource)
        return {"name": known, "resource": resource}

    async def _withdraw(self, name: str, _body: Any) -> None:
        self._lab.operator.stand_in(canonical(name), None)
