"""Does a client keep the cookies that a browser would?"""

from __future__ import annotations

from types import SimpleNamespace
from urllib.request import Request

from geventhttpclient.header import Headers

from gameday.load.cookies import Cookies


def test_is_a_cookie_that_was_set_sent_again_and_nothing_before() -> None:
    jar, url = Cookies(), "http://shop.example.test/basket"
    first = Request(url)
    jar.add_cookie_header(first)
    assert not first.has_header("Cookie")
    headers = Headers()
    headers.add("Set-Cookie", "basket=7")
    answer = SimpleNamespace(headers=headers, info=lambda: headers)
    jar.extract_cookies(answer, first)
    second = Request(url)
    jar.add_cookie_header(second)
    assert second.get_header("Cookie") == "basket=7"
