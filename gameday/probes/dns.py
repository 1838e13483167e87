"""What resolvers near each network of clients get for a name, and which Regions that means.

Against the lab the queries carry each network's client subnet (RFC 7871), so one machine sees
what clients anywhere would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gameday import settings
from gameday.aws import activity
from gameday.clock import Clock
from gameday.errors import UsageError
from gameday.name_servers import Lookups
from gameday.resolver import DnsFailure, Lookup, Network, RegionAddresses, read_networks
from gameday.settings import Target

__all__ = ["answer", "region_leaves_answer", "region_returns_to_answer"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What one network's resolver answered; nothing when no server did."""

    network: str
    addresses: tuple[str, ...]
    regions: tuple[str, ...]
    rcode: str


class Observer:
    """Asks for one name on behalf of every network."""

    def __init__(self, target: Target, endpoint: str) -> None:
        self.endpoint = endpoint
        self.networks: tuple[Network, ...] = read_networks(target.networks_file)
        lookups = Lookups(target)
        self._lookups: dict[str, Lookup] = {n.id: lookups.near(n.cidr) for n in self.networks}
        self._regions = RegionAddresses(
            target.regions, endpoint, lookups.near(), known=target.region_addresses
        )

    def see(self) -> list[Seen]:
        """The answer for each network, in the order of the networks file."""
        return [self._seen(network.id) for network in self.networks]

    def near(self, region: str) -> str:
        """The network with the least latency to `region`."""
        return min(self.networks, key=lambda n: n.latency_ms.get(region, float("inf"))).id

    def _seen(self, network: str) -> Seen:
        try:
            found = self._lookups[network](self.endpoint)
        except DnsFailure:
            return Seen(network, (), (), "TIMEOUT")
        regions = {self._regions.region_of(a) or a for a in found.addresses}
        return Seen(network, found.addresses, tuple(sorted(regions)), found.rcode)


@activity
def answer(endpoint: str, network: str | None = None) -> list[str]:
    """The Regions that DNS answers for a name, over all networks or for one.

    :param endpoint: the name that clients resolve
    :param network: the id of a network of the networks file; all of them without it
    :return: sorted names of Regions; an address that no Region's own name has stands for itself
    """
    seen = _observer(endpoint).see()
    if network is not None and network not in [s.network for s in seen]:
        raise UsageError(f"{network} is not a network of GAMEDAY_NETWORKS_FILE")
    return sorted({r for s in seen if network in (None, s.network) for r in s.regions})


@activity
def region_leaves_answer(endpoint: str, region: str, within_s: float = 90.0) -> bool:
    """Whether DNS stops answering a Region, for clients of every network, in time.

    An empty or failed answer is not enough: clients must be sent somewhere else.

    :param endpoint: the name that clients resolve
    :param region: the Region that is to leave the answer
    :param within_s: AWS seconds from now
    """
    observer = _observer(endpoint)
    return _comes_true(
        lambda seen: all(s.regions and region not in s.regions for s in seen), observer, within_s
    )


@activity
def region_returns_to_answer(endpoint: str, region: str, within_s: float = 120.0) -> bool:
    """Whether DNS answers a Region again, for clients of the network nearest to it, in time.

    :param endpoint: the name that clients resolve
    :param region: the Region that is to come back
    :param within_s: AWS seconds from now
    """
    observer = _observer(endpoint)
    near = observer.near(region)
    return _comes_true(
        lambda seen: any(s.network == near and region in s.regions for s in seen),
        observer,
        within_s,
    )


def _comes_true(
    condition: Callable[[list[Seen]], bool], observer: Observer, within_s: float
) -> bool:
    clock = Clock(settings.current().speed)
    return clock.wait_for(lambda: condition(observer.see()), float(within_s), every_s=1.0)


def _observer(endpoint: str) -> Observer:
    return Observer(settings.current(), endpoint)
