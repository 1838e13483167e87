"""Where a query comes from, as far as routing cares. Locations and latencies are inputs of the lab.

AWS publishes neither its latency table nor its map of addresses, so both are given (the networks
file); an address that no network covers has no location and no latency to any Region.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network, IPv6Network

Prefix = IPv4Network | IPv6Network

EARTH_RADIUS_KM = 6371.0


@dataclass(frozen=True, slots=True)
class Client:
    """One resolver, or the client subnet that it sent along (EDNS client subnet)."""

    network: str = "unmapped"
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    prefix: Prefix | None = None
    continent: str | None = None
    country: str | None = None
    subdivision: str | None = None
    coordinates: tuple[float, float] | None = None  # degrees: latitude, longitude

    def at(self, prefix: Prefix | None) -> Client:
        """The same place, asking from `prefix`."""
        return replace(self, prefix=prefix)

    def latency_to(self, region: str) -> float:
        """Milliseconds to `region`; infinite where the input says nothing."""
        return self.latency_ms.get(region, math.inf)

    def place(self) -> tuple[float, float] | None:
        """Degrees of latitude and longitude; without any, those of the nearest Region."""
        if self.coordinates or not self.latency_ms:
            return self.coordinates
        nearest = min(self.latency_ms, key=lambda region: self.latency_ms[region])
        return REGION_COORDINATES.get(nearest)


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Kilometres along the great circle between two places in degrees."""
    lat_a, lon_a, lat_b, lon_b = map(math.radians, (*a, *b))
    h = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(h))


# The metropolitan area that each Region's public name points at; AWS does not publish its own.
REGION_COORDINATES: dict[str, tuple[float, float]] = {
    "us-east-1": (38.9, -77.4), "us-east-2": (40.0, -83.0), "us-west-1": (37.4, -122.0),
    "us-west-2": (45.8, -119.7), "ca-central-1": (45.5, -73.6), "ca-west-1": (51.0, -114.1),
    "mx-central-1": (20.6, -100.4), "sa-east-1": (-23.5, -46.6), "eu-west-1": (53.3, -6.3),
    "eu-west-2": (51.5, -0.1), "eu-west-3": (48.9, 2.4), "eu-central-1": (50.1, 8.7),
    "eu-central-2": (47.4, 8.5), "eu-north-1": (59.3, 18.1), "eu-south-1": (45.5, 9.2),
    "eu-south-2": (41.7, -0.9), "af-south-1": (-33.9, 18.4), "me-south-1": (26.1, 50.6),
    "me-central-1": (24.5, 54.4), "il-central-1": (32.1, 34.8), "ap-south-1": (19.1, 72.9),
    "ap-south-2": (17.4, 78.5), "ap-southeast-1": (1.3, 103.8), "ap-southeast-2": (-33.9, 151.2),
    "ap-southeast-3": (-6.2, 106.8), "ap-southeast-4": (-37.8, 145.0),
    "ap-southeast-5": (3.1, 101.7), "ap-southeast-7": (13.8, 100.5),
    "ap-northeast-1": (35.7, 139.7), "ap-northeast-2": (37.6, 127.0),
    "ap-northeast-3": (34.7, 135.5), "ap-east-1": (22.3, 114.2),
    "ap-east-2": (25.0, 121.5), "ap-southeast-6": (-36.8, 174.8), "cn-north-1": (39.9, 116.4),
    "cn-northwest-1": (37.5, 105.2), "us-gov-east-1": (40.0, -83.0),
    "us-gov-west-1": (45.8, -119.7), "eusc-de-east-1": (52.4, 13.1),
}  # fmt: skip
