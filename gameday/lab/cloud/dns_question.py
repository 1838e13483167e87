"""TestDNSAnswer: what Route 53 would answer, asked of the control plane instead of by DNS.

Source: Route 53 API reference, TestDNSAnswer. It honours routing and health like a real query.
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable, Mapping
from typing import Any

from gameday.lab.alias_targets import AliasTargets
from gameday.lab.cloud.own import Params, Result
from gameday.lab.cloud.wire import Fault
from gameday.lab.networks import Networks
from gameday.route53 import routing
from gameday.route53.client import Client
from gameday.route53.zone import canonical
from gameday.route53.zone_json import parse_zones

DEFAULT_RESOLVER_REGION = "us-east-1"


class DnsQuestion:
    """Answers from the snapshot that the name server has."""

    def __init__(
        self,
        spec: Mapping[str, Any],
        snapshot: Callable[[], dict[str, Any]],
        health: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self._networks = Networks(spec["networks"])
        self.outside = AliasTargets({n: r["address"] for n, r in spec["regions"].items()})
        self._snapshot, self._health = snapshot, health
        self._rng = random.Random(spec["seed"])

    def answer(self, _: str, params: Params) -> Result:
        """The operation.

        :raises Fault: NoSuchHostedZone, or InvalidInput for an address that is none.
        """
        snapshot = self._snapshot()
        wanted = params["HostedZoneId"].rpartition("/")[2]
        zone = next((z for z in snapshot["zones"] if z["id"] == wanted), None)
        if zone is None:
            raise Fault("NoSuchHostedZone", f"No hosted zone found with ID: {wanted}")
        name, kind = params["RecordName"], params["RecordType"]
        healthy = {i: bool(h["healthy"]) for i, h in self._health.items()}
        answered = routing.answer(
            parse_zones(snapshot | {"zones": [zone]}),
            name,
            kind,
            self._client(params),
            healthy,
            self._rng,
            self.outside,
        )
        servers = [r for r in zone["record_sets"] if r["Type"] == "NS"]
        return {
            "Nameserver": servers[0]["ResourceRecords"][0]["Value"] if servers else "ns.lab",
            "RecordName": canonical(name),
            "RecordType": kind,
            "RecordData": [v for r in answered.records for v in r.values],
            "ResponseCode": answered.rcode,
            "Protocol": "UDP",
        }

    def _client(self, params: Params) -> Client:
        """The client subnet, else the resolver, else a resolver in us-east-1."""
        subnet, resolver = params.get("EDNS0ClientSubnetIP"), params.get("ResolverIP")
        try:
            if subnet:
                mask = params.get("EDNS0ClientSubnetMask") or ("64" if ":" in subnet else "24")
                prefix = ipaddress.ip_network(f"{subnet}/{mask}", strict=False)
                return self._networks.of_prefix(prefix)
            if resolver:
                return self._networks.of_source(resolver)
        except ValueError as error:
            raise Fault("InvalidInput", str(error)) from error
        clients = self._networks.clients
        return min(clients, key=lambda c: c.latency_to(DEFAULT_RESOLVER_REGION), default=Client())
