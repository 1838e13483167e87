"""A cookie jar for clients that mostly have no cookie."""

from __future__ import annotations

from http.cookiejar import CookieJar
from typing import Any


class Cookies(CookieJar):
    """A cookie jar that costs nothing while it is empty: the standard one costs 8 us a request."""

    def add_cookie_header(self, request: Any) -> None:
        if any(True for _ in self):
            super().add_cookie_header(request)

    def extract_cookies(self, response: Any, request: Any) -> None:
        if "set-cookie" in response.headers:
            super().extract_cookies(response, request)
