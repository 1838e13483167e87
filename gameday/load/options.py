"""What a load process is told: the mix of clients, the rate and how many clients of each kind.

Command-line arguments win over `GAMEDAY_CLIENTS`, `GAMEDAY_RATE_PER_S`, `GAMEDAY_LOAD`,
`GAMEDAY_CLIENTS_PER_POPULATION` and `GAMEDAY_CACHES_PER_POPULATION`. A rate is per AWS second.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from gameday.errors import UsageError
from gameday.load.profiles import DEFAULT_MIX, Mix, parse_mix
from gameday.workload.workload import Workload, parse

RATE_PER_S = 8.0

STEADY = Workload()

CLIENTS_PER_POPULATION = 20
"""So many resolver caches per population keep the mean of a run near its expectation."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """The load that was asked for."""

    mix: Mix
    rate_per_s: float
    clients_per_population: int
    clients: str = DEFAULT_MIX  # the text that `mix` was read from
    caches: int | None = None  # resolver caches of a population; None: one for each client
    workload: Workload = STEADY
    load: str = ""  # the text that `workload` was read from

    @classmethod
    def of(
        cls,
        clients: str,
        rate_per_s: float,
        clients_per_population: int,
        caches: int | None,
        load: str = "",
    ) -> LoadOptions:
        """The options of a mix and a workload given as text.

        :raises UsageError: the mix or the workload is malformed.
        """
        return cls(
            parse_mix(clients), rate_per_s, clients_per_population, clients, caches,
            parse(load), load,
        )  # fmt: skip


def load_options(
    clients: str | None = None,
    rate_per_s: str | None = None,
    clients_per_population: str | None = None,
    caches: str | None = None,
    load: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> LoadOptions:
    """The options from the texts given, else from the environment, else the defaults.

    :raises UsageError: a value is not what it should be; names the option.
    """
    rate = _positive("rate", rate_per_s or environ.get("GAMEDAY_RATE_PER_S"), RATE_PER_S)
    per_population = _count(
        "clients per population",
        clients_per_population or environ.get("GAMEDAY_CLIENTS_PER_POPULATION"),
    )
    shared = _count("caches", caches or environ.get("GAMEDAY_CACHES_PER_POPULATION"))
    mix = clients or environ.get("GAMEDAY_CLIENTS") or DEFAULT_MIX
    course = load or environ.get("GAMEDAY_LOAD") or ""
    return LoadOptions.of(mix, rate, per_population or CLIENTS_PER_POPULATION, shared, course)


def _count(name: str, text: str | None) -> int | None:
    if not text:
        return None
    value = _positive(name, text, 1.0)
    if value != int(value):
        raise UsageError(f"{name}: {value:g} is not a whole number")
    return int(value)


def _positive(name: str, text: str | None, default: float) -> float:
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        raise UsageError(f"{name}: {text!r} is not a number") from None
    if not 0 < value < float("inf"):
        raise UsageError(f"{name}: {text} is not above 0")
    return value
