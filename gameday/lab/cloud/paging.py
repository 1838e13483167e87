"""One page of a list, as Route 53's two kinds of list operation cut it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from gameday.lab.cloud.own import Params, Result
from gameday.lab.cloud.wire import Fault

T = TypeVar("T")

PAGE_SIZE = 100


def size_of(params: Params, name: str = "MaxItems", most: int = PAGE_SIZE) -> int:
    """How many items the caller takes at once.

    :raises Fault: InvalidInput for what is no positive number.
    """
    given = params.get(name)
    try:
        size = most if given in (None, "") else int(str(given))
    except ValueError:
        size = 0
    if size < 1:
        raise Fault("InvalidInput", f"{name} must be a positive number, not {given}.")
    return min(size, most)


def by_token(params: Params, member: str, rows: Sequence[dict[str, Any]]) -> Result:
    """A page of `rows` as `member`, with `NextToken` (the number of the next row) after it.

    :raises Fault: InvalidInput for a token or a size that is none.
    """
    token, size = params.get("NextToken") or "0", size_of(params, "MaxResults")
    if not str(token).isdecimal() or int(token) > len(rows):
        raise Fault("InvalidInput", f"NextToken {token} is not one that was given out.")
    end = int(token) + size
    result: Result = {member: list(rows[int(token) : end])}
    return result | ({"NextToken": str(end)} if end < len(rows) else {})


def from_marker(items: Sequence[T], keys: Sequence[Any], marker: Any, size: int) -> tuple[
    list[T], int | None
]:  # fmt: skip
    """The page that begins at `marker` (None: at the start), and the index of the next item.

    A marker that is gone begins where it would have been: `keys` are in ascending order.
    """
    first = 0
    if marker is not None:
        first = next((i for i, key in enumerate(keys) if key >= marker), len(items))
    end = first + size
    return list(items[first:end]), end if end < len(items) else None
