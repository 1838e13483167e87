"""A request and, when it is slow, a second copy of it beside: the first good answer counts.

The loser is given up and its connection closed, as a client of HTTP/1.1 must.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent

Answer = tuple[Any, Exception | None]
"""A response, or why there is none."""


def race(
    first: Callable[[], Answer],
    second: Callable[[], Answer],
    after_s: float,
    allowed: Callable[[], bool],
) -> tuple[Answer, bool, bool]:
    """The answer that counts, whether it is the second's, and whether a second was sent.

    :param after_s: wall seconds that the first may take alone.
    :param allowed: asked once, when they are over.
    """
    slow = gevent.spawn(first)
    slow.join(after_s)
    if slow.dead or not allowed():
        slow.join()
        return slow.get(), False, False
    fast = gevent.spawn(second)
    try:
        ended = gevent.wait([slow, fast], count=1)[0]
        if ended.get()[1] is not None:  # a failure decides nothing while the other is under way
            other = fast if ended is slow else slow
            ended = other if other.get()[1] is None else slow
        return ended.get(), ended is fast, True
    finally:
        gevent.killall([slow, fast])
