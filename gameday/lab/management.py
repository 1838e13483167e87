"""The commands of the management API: what only a simulator can do to a running lab."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gameday.errors import UsageError
from gameday.journal import EventLog

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
            ("PUT", "/health-checks/([0-9A-Za-z-]+)/forced"): self._force,
            ("DELETE", "/health-checks/([0-9A-Za-z-]+)/forced"): self._release,
        }

    async def _status(self, _body: Any) -> dict[str, Any]:
        lab, config = self._lab, self._lab.config
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
            "propagation_s": lab.spec["propagation_s"],
            "regions": lab.spec["regions"],
            "cut": sorted(lab.cut),
            "lag_s": list(lab.lag_s),
            "lost": lab.lost,
            "left_out": [asdict(x) for x in lab.deployment.left_out] if lab.deployment else [],
            "processes": {
                n: {"pid": lab.hub.children[n].process.pid, "status": a}
                for n, a in zip(names, answers, strict=True)
            },
        }

    async def _down(self, _body: Any) -> None:
        asyncio.get_running_loop().call_later(0.05, self._lab.down.set)

    async def _join_run(self, body: Any) -> None:
        """Lab events are written into the run as well, until another run joins."""
        del self._lab.journals[1:]
        if body.get("dir"):
            self._lab.journals.append(EventLog(Path(body["dir"]) / "events" / "lab.jsonl"))

    async def _cut(self, region: str, _body: Any) -> dict[str, Any]:
        self._known(region)
        self._lab.cut.add(region)
        return self._lab.tell_fault()

    async def _heal(self, region: str, _body: Any) -> dict[str, Any]:
        self._known(region)
        self._lab.cut.discard(region)
        return self._lab.tell_fault()

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
        if not 0 <= low <= high:
            raise UsageError("replication lag is LOW <= HIGH, not negative")
        self._lab.lag_s = (low, high)
        return self._lab.tell_fault()

    async def _force(self, check: str, body: Any) -> None:
        if not isinstance(body.get("healthy"), bool):
            raise UsageError('send {"healthy": true} or {"healthy": false}')
        self._lab.forced[check] = body["healthy"]
        self._tell_forced(check, body["healthy"])

    async def _release(self, check: str, _body: Any) -> None:
        self._lab.forced.pop(check, None)
        self._tell_forced(check, None)

    def _tell_forced(self, check: str, healthy: bool | None) -> None:
        self._lab.hub.children["checkers"].send(
            {"kind": "forced", "from": "supervisor", "check": check, "healthy": healthy}
        )
        self._lab.record({"kind": "lab.forced", "check": check, "healthy": healthy})
