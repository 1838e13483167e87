"""The lab's supervisor and composition root: starts every part in order, and ends them all.

Run as `python -m gameday.lab.lab CONFIG.json`. It reports on standard output, one JSON object a
line: `{"phase": ...}` while it starts, then `{"ready": ...}` or `{"error": ...}`. With
`"lifeline": true` it ends when its standard input does; else it runs until SIGTERM or `POST /down`.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import secrets
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from gameday import clock, stacks
from gameday.errors import GamedayError, LabError
from gameday.journal import EventLog
from gameday.lab import authority, networks, zone_export
from gameday.lab.admin import Admin
from gameday.lab.brought import from_json
from gameday.lab.channel import Message
from gameday.lab.config import ACCOUNT, LabConfig, choose_ports, region_table, take_turn
from gameday.lab.environment import lab_env, write_env
from gameday.lab.hub import Hub
from gameday.lab.log import log, to_stderr
from gameday.lab.management import Management
from gameday.lab.operator import Operator

READY_WITHIN_S = 30.0
WARM_WITHIN_S = 20.0


class Lab:
    """One running lab."""

    def __init__(self, config: LabConfig) -> None:
        self.config = config
        self.dir, self.cache_dir = config.dir, config.root / ".gameday" / "cache"
        self.dir.mkdir(parents=True, exist_ok=True)
        self.token = secrets.token_urlsafe(24)
        self.warnings: list[str] = []
        self.started_at = clock.now()
        self.deployment: Any = None
        self.lost: list[str] = []
        self.broken: dict[str, Any] = {}  # the last function that failed to start
        self.down = asyncio.Event()
        self.journals = [EventLog(_fresh(self.dir / "lab.jsonl"))]
        self.hub = Hub(self.dir / "logs", self._message, self._child_ended)
        self.operator = Operator(self.hub, config.lag_s, config.propagation_s, self.record)
        self._tasks: set[asyncio.Task[None]] = set()

    # -- start ---------------------------------------------------------------------------------

    async def start(self, phase: Any) -> dict[str, str]:
        """Bring every part up, deploy, write `lab.env`; what is in it.

        :raises GamedayError: a part did not start, or the application cannot be deployed.
        """
        turn = await asyncio.to_thread(take_turn)
        try:
            ports = choose_ports(self.config)
            regions = region_table(self.config, ports)
            application = self._application(regions)
            self.spec = self._spec(ports, regions)
            phase("starting", regions=list(regions), speed=self.config.speed, seed=self.config.seed)
            for role, extra in self._roles():
                await self.hub.spawn(role, self.spec | extra)
            plan = await asyncio.to_thread(self._prepare, application)
            await self._all_ready()
        finally:
            os.close(turn)
        if self.config.zone:
            await asyncio.to_thread(self._take_zone, self.config.zone)
        doors = Management(self).routes()
        self.admin = Admin(doors, self.token, asyncio.get_running_loop())
        if plan is not None and application is not None:
            phase("deploying", application=application.application)
            self.deployment = await asyncio.to_thread(plan.create)
            self.warnings += self.deployment.notes
            await self._warm()
            if self.config.watch:
                from gameday.lab import hot_reload  # boto3 takes a while to import

                self._tasks.add(asyncio.create_task(hot_reload.watch(
                    self.spec["aws_endpoint"], self.deployment.stacks, self.cache_dir, self.record
                )))  # fmt: skip
        await self._warn_of_checkers()
        env = lab_env(self, application, ports)
        write_env(self.dir, env, self.token)
        return env

    def _application(self, regions: dict[str, Any]) -> stacks.Stacks | None:
        if self.config.brought:
            return self.config.brought.stacks(regions, self.dir)
        file = self.config.stacks
        return stacks.load(file, self.config.regions) if file else None

    def _prepare(self, application: stacks.Stacks | None) -> Any:
        if application is None:
            return None
        from gameday.lab import template  # samtranslator takes a second to import

        return template.prepare(
            application,
            endpoint=self.spec["aws_endpoint"],
            regions=self.config.regions,
            account=ACCOUNT,
            speed=self.config.speed,
            token=self.token,
            cache_dir=self.cache_dir,
            strict=self.config.strict,
        )

    def _take_zone(self, file: Path) -> None:
        from gameday.lab.template.endpoint import register  # boto3 takes a while to import

        export = zone_export.read_zone(file, self.config.health_checks)
        self.warnings += register(self.spec["aws_endpoint"], self.token, asdict(export), "zone")[
            "warnings"
        ]
        self.warnings += zone_export.warnings(export, self.spec["regions"])

    async def _warn_of_checkers(self) -> None:
        status = await self.hub.ask("checkers")
        if status and status["cores"] > 1:
            self.warnings.append(
                f"{len(status['checks'])} health checks at {self.config.speed:g}x need "
                f"{status['cores']:.1f} cores, and their checkers have one: use a lower --speed"
            )

    def _spec(self, ports: dict[str, int], regions: dict[str, Any]) -> dict[str, Any]:
        ca_file, ca_key_file = authority.create(self.dir)
        clients = self._networks()
        self.networks_file = self.dir / "networks.yaml"
        self.networks_file.write_text(yaml.safe_dump(clients, sort_keys=False))
        return {
            "lab": self.config.name, "dir": str(self.dir),
            "speed": self.config.speed, "seed": self.config.seed,
            "account": ACCOUNT, "token": self.token,
            "aws_endpoint": f"http://127.0.0.1:{ports['aws']}",
            "dns": ["127.0.0.1", ports["dns"]],
            "regions": regions,
            "networks": clients,
            "ca_file": str(ca_file), "ca_key_file": str(ca_key_file),
            "lag_s": list(self.config.lag_s), "checker_count": 16,
            "propagation_s": self.config.propagation_s, "query_log": self.config.query_log,
            "foreign_targets": "unknown" if self.config.zone else "failing",
            "private_targets": self.config.private_targets,
            "program": self.config.program,
            "account_concurrency": self.config.account_concurrency,
        }  # fmt: skip

    def _networks(self) -> list[dict[str, Any]]:
        given = self.config.networks
        if given is None:
            return networks.default_networks(self.config.regions)
        return networks.read_networks(given)

    def _roles(self) -> list[tuple[str, dict[str, Any]]]:
        regions = [("region", {"name": f"region/{r}", "region": r}) for r in self.config.regions]
        return [("cloud", {"name": "cloud"}), *regions,
                ("dns", {"name": "dns"}), ("checkers", {"name": "checkers"})]  # fmt: skip

    async def _all_ready(self) -> None:
        ready = [c.ready for c in self.hub.children.values()]
        done, late = await asyncio.wait(
            ready, timeout=READY_WITHIN_S, return_when=asyncio.FIRST_EXCEPTION
        )
        for future in done:
            future.result()
        if late:
            names = [n for n, c in self.hub.children.items() if not c.ready.done()]
            raise LabError(f"{', '.join(names)} did not start within {READY_WITHIN_S:.0f} s; "
                           f"see {self.dir / 'logs'}")  # fmt: skip

    async def _warm(self) -> None:
        """Wait until every function has an environment, so that ready means ready.

        :raises LabError: a handler does not import; names file, logical id and what is missing.
        """
        deadline = clock.monotonic() + WARM_WITHIN_S
        while not self.broken:
            answers = [await self.hub.ask(f"region/{r}") for r in self.config.regions]
            if all(a and a["warm"] for a in answers) and not self.broken:
                return
            if clock.monotonic() > deadline:
                raise LabError(f"functions were not warm after {WARM_WITHIN_S:.0f} s")
            await asyncio.sleep(0.05)
        function, region = self.broken["function"], self.broken["region"]
        error = self.broken["error"]
        place = self.deployment.origin(region, function) if self.deployment else function
        missing = "No module named" in error
        remedy = "; name it in requirements.txt beside the code" if missing else ""
        raise LabError(f"{place}: the function does not start in {region}: {error}{remedy}")

    # -- what children say ---------------------------------------------------------------------

    def _message(self, message: Message) -> None:
        if message["kind"] == "event":
            if message["event"]["kind"] == "lab.init_error":
                self.broken = message["event"]
            self.record(message["event"])

    def record(self, event: dict[str, Any]) -> None:
        """Write an event into the lab's journal, and into the run's; a full disk stops no lab."""
        for journal in self.journals:
            try:
                journal.append_raw({"at": clock.now()} | event)
            except OSError as e:
                log.warning("%s is left out of %s: %s", event["kind"], journal.path, e.strerror)

    def _child_ended(self, name: str) -> None:
        self.lost.append(name)
        self.record({"kind": "lab.process_ended", "name": name})
        log.error("%s ended; see %s", name, self.dir / "logs")
        if name != "cloud":  # whose state is nowhere else
            task = asyncio.create_task(self._respawn(name))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _respawn(self, name: str) -> None:
        """A process is started again, empty, and told what an operator has set.

        A Region's tables refill from its peers; the others get their snapshots.
        """
        role, _, region = name.partition("/")
        child = await self.hub.spawn(role, self.spec | {"name": name, "region": region})
        with contextlib.suppress(GamedayError):
            await child.ready
            self.operator.retell()
            self.hub.children["cloud"].send(
                {"kind": "resend", "from": "supervisor", "process": name}
            )
            self.lost.remove(name)
            self.record({"kind": "lab.process_started", "name": name})

    # -- end -----------------------------------------------------------------------------------

    async def stop(self) -> None:
        """End every process and remove what only a running lab has."""
        for task in self._tasks:
            task.cancel()
        if hasattr(self, "admin"):
            self.admin.close()
        await self.hub.stop()
        for name in ("lab.env", "lab.token", "ca.key"):
            (self.dir / name).unlink(missing_ok=True)


def _fresh(path: Path) -> Path:
    path.unlink(missing_ok=True)
    return path


def lock(folder: Path) -> int:
    """Hold `folder` for this process; a dead process holds nothing.

    :raises LabError: another supervisor holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fd = os.open(folder / "lab.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise LabError(f"lab {folder.name} is already up; `gameday lab down` ends it") from None
    return fd


async def supervise(config: LabConfig, lifeline: bool) -> int:
    """Run one lab until it is told to end; the process's exit code."""
    say = _say
    held = lock(config.dir)
    loop = asyncio.get_running_loop()
    lab = Lab(config)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, lab.down.set)
    if lifeline:
        os.set_blocking(0, False)
        loop.add_reader(0, lambda: lab.down.set() if not os.read(0, 4096) else None)
    starting = asyncio.create_task(lab.start(lambda phase, **m: say({"phase": phase, **m})))
    ending = asyncio.create_task(lab.down.wait())
    try:
        await asyncio.wait({starting, ending}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            env = starting.result()
            left_out = [asdict(x) for x in lab.deployment.left_out] if lab.deployment else []
            seconds = clock.now() - lab.started_at
            say({"ready": env, "left_out": left_out, "warnings": lab.warnings, "seconds": seconds})
            await ending
        return 0
    except GamedayError as error:
        say({"error": str(error), "exit_code": error.exit_code})
        return error.exit_code
    finally:
        starting.cancel()
        await lab.stop()
        os.close(held)


def _say(line: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(line), flush=True)


def main(config_file: str) -> None:
    """Read the configuration and supervise."""
    to_stderr("supervisor")
    raw = json.loads(Path(config_file).read_text())
    lifeline = raw.pop("lifeline")
    config = LabConfig(
        **raw | {
            "root": Path(raw["root"]),
            **{name: Path(raw[name]) if raw[name] else None
               for name in ("stacks", "networks", "zone", "health_checks")},
            "brought": from_json(raw["brought"]),
            "regions": tuple(raw["regions"]), "lag_s": tuple(raw["lag_s"]),
        }
    )  # fmt: skip
    try:
        code = asyncio.run(supervise(config, lifeline))
    except GamedayError as error:
        _say({"error": str(error), "exit_code": error.exit_code})
        code = error.exit_code
    os._exit(code)  # threads of the management API must not hold the end up


if __name__ == "__main__":
    main(sys.argv[1])
