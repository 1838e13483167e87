"""The TLS certificates of a Region's front door, issued by the lab's own authority.

One per custom domain, chosen by SNI, and a default one for invoke hosts and plain addresses, which
is also what an unknown name gets, as at API Gateway.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from pathlib import Path

import trustme


class Certificates:
    """`context` is what a listener uses; `cover` adds names while it serves."""

    def __init__(self, ca_file: Path, ca_key_file: Path, region: str, address: str) -> None:
        self._authority = trustme.CA.from_pem(ca_file.read_bytes(), ca_key_file.read_bytes())
        self._contexts: dict[str, ssl.SSLContext] = {}
        self.context = self._issue(
            f"*.execute-api.{region}.amazonaws.com", address, "127.0.0.1", "localhost"
        )
        self.context.sni_callback = self._choose

    def cover(self, domains: Iterable[str]) -> None:
        """Have a certificate for each of `domains`."""
        for domain in domains:
            name = domain.lower().rstrip(".")
            if name not in self._contexts:
                self._contexts[name] = self._issue(name)

    def _choose(
        self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext
    ) -> None:
        context = self._contexts.get((name or "").lower())
        if context:
            connection.context = context

    def _issue(self, *names: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        self._authority.issue_cert(*dict.fromkeys(names)).configure_cert(context)
        return context
