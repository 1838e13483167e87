"""One request to a Region's own name or to the shared one, as a client would make it."""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import Any

from gameday import settings
from gameday.aws import activity
from gameday.errors import AwsError, UsageError
from gameday.name_servers import Lookups
from gameday.resolver import DnsFailure

__all__ = ["get"]

TIMEOUT_S = 5.0


@activity
def get(path: str = "/health", region: str | None = None) -> dict[str, Any]:
    """Ask the application for `path`, over HTTPS, once, on a new connection.

    :param path: the route
    :param region: ask this Region by its own name; without it the shared name
    :return: `status`, and the `region` that answered (None when no header names it)
    """
    target = settings.current()
    if not target.endpoint:
        raise UsageError("GAMEDAY_ENDPOINT is not set; it names what clients resolve")
    name = f"{region}.{target.endpoint}" if region else target.endpoint
    try:
        addresses = Lookups(target).near()(name).addresses
    except DnsFailure as e:
        raise AwsError(f"GET https://{name}{path}: {e}") from e
    if not addresses:
        raise AwsError(f"GET https://{name}{path}: the name has no address")
    context = ssl.create_default_context(cafile=str(target.ca_file) if target.ca_file else None)
    address = target.connect_address(addresses[0], target.https_port)
    connection = _Pinned(name, address, context)
    try:
        connection.request("GET", path, headers={"Host": name, "Connection": "close"})
        response = connection.getresponse()
        response.read()
        return {"status": response.status, "region": response.getheader(target.region_header)}
    except (OSError, http.client.HTTPException) as e:
        raise AwsError(f"GET https://{name}{path}: {type(e).__name__}: {e}") from e
    finally:
        connection.close()


class _Pinned(http.client.HTTPSConnection):
    """HTTPS to a given address, with the name in SNI and certificate as a client would have it."""

    def __init__(self, name: str, address: tuple[str, int], context: ssl.SSLContext) -> None:
        super().__init__(name, address[1], timeout=TIMEOUT_S, context=context)
        self._address, self._tls = address, context

    def connect(self) -> None:
        plain = socket.create_connection(self._address, TIMEOUT_S)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
