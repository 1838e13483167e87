"""What a lab is asked to be, and the addresses and ports it gets: values only, checked by binding.

Every Region answers on 127.0.R.1 with the same ports, so that a DNS answer alone moves a client.
Where such an address cannot be bound (macOS without an alias) all Regions share 127.0.0.1 with
ports of their own, and our clients map the answered address to them.
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import re
import socket
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gameday.clock import SPEED_MAX
from gameday.errors import LabError, UsageError
from gameday.lab.brought import Brought

DEFAULT_PORTS = {"aws": 4566, "dns": 10053, "http": 8080, "https": 8443}
ACCOUNT = "123456789012"


@dataclass(frozen=True, slots=True)
class LabConfig:
    """One lab: its name, its clock and seed, what is deployed into it, and its knobs."""

    name: str
    root: Path  # the project's folder; the lab lives in .gameday/
    stacks: Path | None  # stacks.yaml, or None for an empty lab
    regions: tuple[str, ...]  # the first is the home Region
    speed: float = 10.0
    seed: int = 4711
    lag_s: tuple[float, float] = (0.6, 1.2)
    networks: Path | None = None
    ports: dict[str, int] = field(default_factory=dict)  # those that the user insists on
    aliases: bool = True  # False: as if 127.0.R.1 could not be bound
    strict: bool = False  # left-out resources are an error
    propagation_s: float = 0.0  # AWS seconds from a checker's verdict to the name server
    zone: Path | None = None  # an exported zone to serve, and its health checks
    health_checks: Path | None = None
    query_log: bool = False
    private_targets: bool = False  # health checks may probe private and loopback addresses
    account_concurrency: int = 1000  # functions that run at a time in a Region
    watch: bool = False  # changed code is taken over while the lab is up
    brought: Brought | None = None  # an application without a stacks.yaml

    def __post_init__(self) -> None:
        check_name(self.name)
        for name, port in self.ports.items():
            if not 1 <= port <= 65535:
                raise UsageError(f"--{name}-port {port}: a port is 1 to 65535")
        if not 1 <= self.speed <= SPEED_MAX:
            raise UsageError(f"--speed {self.speed:g}: the lab's clock runs at 1 to {SPEED_MAX:g}")
        if not self.regions:
            raise UsageError("a lab needs at least one Region: name them in stacks.yaml")
        low, high = self.lag_s
        if not 0 <= low <= high < math.inf:
            raise UsageError(f"--lag {low:g}-{high:g}: replication lag is LOW-HIGH seconds")
        if self.account_concurrency < 1:
            raise UsageError(f"--account-concurrency {self.account_concurrency}: 1 or more")
        if not 0 <= self.propagation_s < math.inf:
            raise UsageError(f"--propagation {self.propagation_s:g}: AWS seconds, 0 or more")
        if self.health_checks and not self.zone:
            raise UsageError("--health-checks goes with --zone: name the exported zone, too")

    @property
    def program(self) -> dict[str, Any] | None:
        """What Regions are told of a program to run; None without one."""
        brought = self.brought
        if brought is None or not brought.command:
            return None
        return {"command": brought.command, "folder": str(self.root), "hosts": [brought.host]}

    @property
    def dir(self) -> Path:
        """Where the lab keeps its state."""
        return self.root / ".gameday" / self.name


def check_name(name: str) -> str:
    """`name`, if a lab may be called so: it is a folder's name and stands in `lab.env`.

    :raises UsageError: it may not.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", name):
        raise UsageError(f"--lab {name!r}: letters, digits, dots, dashes and underscores only")
    return name


def region_table(config: LabConfig, ports: dict[str, int]) -> dict[str, dict[str, Any]]:
    """Addresses and ports of every Region, as the spec of docs/architecture.md wants them.

    :raises LabError: a Region's ports cannot be had.
    """
    table: dict[str, dict[str, Any]] = {}
    aliased = config.aliases and can_alias(len(config.regions))
    for index, region in enumerate(config.regions, 1):
        address = f"127.0.{index}.1"
        bind = address if aliased else "127.0.0.1"
        own = ports if aliased else {"http": free_port([bind]), "https": free_port([bind])}
        table[region] = {
            "address": address,
            "bind": bind,
            "http": own["http"],
            "https": own["https"],
            "dynamodb": free_port([bind]),
            "invoke": free_port([bind]),
        }
    return table


def choose_ports(config: LabConfig) -> dict[str, int]:
    """The lab's `aws`, `dns`, `http` and `https` ports: the defaults where they are free.

    :raises LabError: a port that the user insists on is taken.
    """
    aliased = config.aliases and can_alias(len(config.regions))
    fronts = [f"127.0.{n}.1" for n in range(1, len(config.regions) + 1)] if aliased else []
    addresses = {"aws": ["127.0.0.1"], "dns": ["127.0.0.1"], "http": fronts, "https": fronts}
    ports: dict[str, int] = {}
    for name, where in addresses.items():
        wanted = config.ports.get(name)
        if wanted is not None:
            if not all(is_free(a, wanted) for a in where):
                raise LabError(
                    f"port {wanted} for {name} is taken; free it, or leave --{name}-port out "
                    "and the lab takes a free one"
                )
            ports[name] = wanted
        elif all(is_free(a, DEFAULT_PORTS[name]) for a in where):
            ports[name] = DEFAULT_PORTS[name]
        else:
            ports[name] = free_port(where)
    return ports


def take_turn() -> int:
    """Wait until no other lab of this user is between choosing its ports and binding them.

    The descriptor that is returned holds the turn until it is closed.
    """
    path = Path(tempfile.gettempdir()) / f"gameday-{os.getuid()}.lock"
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)
    return fd


def can_alias(count: int) -> bool:
    """Whether 127.0.1.1 ... 127.0.`count`.1 can all be bound, as on Linux."""
    return all(is_free(f"127.0.{n}.1", 0) for n in range(1, count + 1))


def is_free(address: str, port: int) -> bool:
    """Whether TCP and UDP `port` of `address` can be bound at this moment."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with contextlib.closing(socket.socket(socket.AF_INET, kind)) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def free_port(addresses: Iterable[str]) -> int:
    """A port that is free on every one of `addresses`."""
    where = list(addresses) or ["127.0.0.1"]
    for _ in range(64):
        with contextlib.closing(socket.socket()) as probe:
            probe.bind((where[0], 0))
            port = int(probe.getsockname()[1])
        if all(is_free(a, port) for a in where):
            return port
    raise LabError(f"no port is free on all of {', '.join(where)}")
