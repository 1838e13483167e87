"""Where a health checker's packets go: from a name or an address to a socket of the lab.

The lab probes its own Regions, whose ports 443 and 80 stand for the HTTPS and HTTP front door,
and, where it was told to, loopback and private addresses as they are. Nothing else.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from gameday.lab.alias_targets import AliasTargets
from gameday.lab.networks import FAR_MS, NEAR_MS
from gameday.route53 import routing
from gameday.route53.check import HealthCheck, Place, place_of
from gameday.route53.client import Client
from gameday.route53.zone import Zones


class NoTarget(Exception):
    """There is nothing to probe; the text is what the check's status says."""


class Targets:
    """Resolves checks with the lab's own zones, as a checker in `region` would see them."""

    def __init__(
        self,
        regions: Mapping[str, Mapping[str, Any]],
        rng: random.Random,
        *,
        private_targets: bool = False,
    ) -> None:
        self.zones = Zones()
        self.rng, self._private_targets = rng, private_targets
        self._by_address = {region["address"]: region for region in regions.values()}
        self._regions = list(regions)
        self.outside = AliasTargets({n: r["address"] for n, r in regions.items()})

    def find(
        self, check: HealthCheck, checker_region: str, health: Mapping[str, bool]
    ) -> tuple[str, int]:
        """The socket address behind a check's target and port.

        :raises NoTarget: the name does not resolve, or no Region of the lab is at the address.
        """
        address = check.ip or self._resolve(check.fqdn or "", checker_region, health)
        region = self._by_address.get(address)
        if region is None and self._private_targets and place_of(address) is Place.PRIVATE:
            return address, check.port
        if region is None:
            raise NoTarget(
                f"{address} is not an address of a Region of this lab, which probes nothing else"
            )
        lab_ports = {443: region["https"], 80: region["http"]}
        return region["bind"], int(lab_ports.get(check.port, check.port))

    def _resolve(self, name: str, checker_region: str, health: Mapping[str, bool]) -> str:
        """The first IPv4 address of `name`: checkers resolve it for each probe, without a cache."""
        latency_ms = {r: NEAR_MS if r == checker_region else FAR_MS for r in self._regions}
        client = Client(f"checker {checker_region}", latency_ms)
        answer = routing.answer(self.zones, name, "A", client, health, self.rng, self.outside)
        if not answer.addresses:
            raise NoTarget(f"DNS resolution failed: {name} has no A record in the lab's zones")
        return answer.addresses[0]
