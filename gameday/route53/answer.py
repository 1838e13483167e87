"""What routing answers: record sets, sections, and the path through the records that led to them.

TTLs are AWS seconds; the lab's name server scales them when it writes the packet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

EXTERNAL_TTL_S = 60


@dataclass(frozen=True, slots=True)
class External:
    """An AWS resource outside every zone that an alias can point at."""

    addresses: Mapping[str, tuple[str, ...]]  # by record type
    ttl_s: int = EXTERNAL_TTL_S
    healthy: bool = True


Externals = Callable[[str], External | None]


def no_externals(name: str) -> External | None:
    """Knows no resource."""
    return None


@dataclass(frozen=True, slots=True)
class Rrset:
    """Records of one name and type, as the answer carries them."""

    name: str
    type: str
    ttl_s: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One record that was considered on the way, and why it was chosen or passed over."""

    name: str
    type: str
    set_identifier: str | None
    chosen: bool
    healthy: bool
    why: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the name server says. `by_client`: another client might have got another answer."""

    rcode: str
    records: tuple[Rrset, ...] = ()
    authority: tuple[Rrset, ...] = ()
    additional: tuple[Rrset, ...] = ()
    authoritative: bool = True
    by_client: bool = False
    path: tuple[Step, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """The IPv4 and IPv6 addresses answered, in order."""
        return tuple(v for r in self.records if r.type in ("A", "AAAA") for v in r.values)


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer that chance can give, and how likely it is."""

    probability: float
    answer: Answer
