"""The kinds of client of a load and each one's share of its requests, as text: `pooled=40,...`.

What the names mean is the load's affair; here they are text, so that who starts a load can read
the mix without being one.
"""

from __future__ import annotations

from gameday.errors import UsageError

SUM_TOLERANCE_PCT = 0.01


def shares_pct(text: str) -> dict[str, float]:
    """Each profile's percentage of the requests, in the order given; `pooled` alone has all.

    :raises UsageError: no profile, one given twice, or percentages that do not sum to 100.
    """
    found: dict[str, float] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, equals, pct_text = item.partition("=")
        name = name.strip()
        try:
            pct = float(pct_text) if equals else 100.0
        except ValueError:
            raise UsageError(f"clients: {item!r} is not PROFILE=PERCENT") from None
        if not 0 < pct <= 100:
            raise UsageError(f"clients: {item!r}: a share lies above 0 and up to 100 percent")
        if name in found:
            raise UsageError(f"clients: {name} is given twice")
        found[name] = pct
    if not found:
        raise UsageError("clients: name at least one profile, for example pooled=100")
    total_pct = sum(found.values())
    if abs(total_pct - 100.0) > SUM_TOLERANCE_PCT:
        raise UsageError(f"clients: the shares of {text!r} sum to {total_pct:g} %, not to 100")
    return found
