"""Who leaves a lost Region when DNS moves, who stays, and who hangs: every profile, four faults.

The fault begins at 0 s, DNS moves at 30 s, the TTL is 60 s; each client asks once in 10 s.
"""

from __future__ import annotations

import pytest
from virtual_world import EU, US, VirtualWorld

FAULTS = ("200", "503", "reset", "cut")
SPANS = ((0.0, 30.0), (60.0, 90.0), (120.0, 150.0), (300.0, 330.0))

STAYS = "...."
TTL = ".~##"  # between DNS moving and a TTL later
NEVER_SENT = ".---"  # one request hangs for a quarter of an hour, and the others behind it

# Of the requests sent in each of four spans: . all to the lost Region, # all to the survivor,
# ~ some to each, - nothing was sent. A request that hung and was repeated counts where it ended.
TABLE = {
    #                       still 200  503     reset   cut
    "per-request":         (TTL, TTL, TTL, TTL),
    "pooled":              (STAYS, STAYS, TTL, TTL),
    "pooled-max-age-30":   (TTL, TTL, TTL, TTL),
    "ttl-clamp-300":       (".~~#", ".~~#", ".~~#", ".~~#"),
    "requests":            (STAYS, STAYS, TTL, NEVER_SENT),
    "urllib3":             (STAYS, STAYS, TTL, "#---"),
    "browser":             (STAYS, STAYS, TTL, "#---"),
    "jvm-default":         (TTL, TTL, TTL, ".-##"),  # 10 s idle: it connects anew each time
    "jvm-forever":         (STAYS, STAYS, STAYS, ".-.-"),
    "jvm-aws":             (STAYS, STAYS, TTL, "####"),
    "go":                  (STAYS, STAYS, TTL, "#---"),
    "curl":                (STAYS, STAYS, TTL, "#---"),
    "pooled+follow-dns":   (TTL, TTL, TTL, TTL),
    "pooled+drop-on-5xx-3": (STAYS, ".###", TTL, TTL),
    "pooled+idle-5":       (TTL, TTL, TTL, TTL),
    "requests+max-age-30": (TTL, TTL, TTL, ".-##"),
    "requests+read-timeout-10+connect-timeout-5": (STAYS, STAYS, TTL, TTL),
    "pooled+retry-2+on-5xx+backoff-0.1": (STAYS, STAYS, ".###", ".###"),
    "per-request+name-cache-60": (".~##", ".~##", ".~##", ".~##"),
}  # fmt: skip


def sign(eu_pct: int | None) -> str:
    if eu_pct is None:
        return "-"
    return {0: ".", 100: "#"}.get(eu_pct, "~")


@pytest.mark.parametrize("name", TABLE)
def test_where_are_its_requests_sent(name: str) -> None:
    seen = []
    for fault in FAULTS:
        played = VirtualWorld(fault).play(name, until_s=330.0)
        seen.append("".join(sign(played.share_pct(EU, *span)) for span in SPANS))
    assert tuple(seen) == TABLE[name]


@pytest.mark.parametrize(
    ("name", "fault", "outcomes"),
    [
        ("per-request", "503", {(US, "http_5xx")}),
        ("pooled", "reset", {(US, "reset")}),
        ("pooled", "cut", {(US, "read_timeout"), (US, "connect_timeout")}),
        ("per-request", "cut", {(US, "connect_timeout")}),
        ("pooled", "200", {(US, "ok")}),
    ],
)
def test_what_do_clients_of_the_lost_region_see(
    name: str, fault: str, outcomes: set[tuple[str, str]]
) -> None:
    assert VirtualWorld(fault).play(name, until_s=30.0).outcomes(0.0, 30.0) == outcomes


def test_how_much_does_a_client_without_timeouts_still_send_into_a_black_hole() -> None:
    played = VirtualWorld("cut").play("requests", until_s=330.0)
    sent = [played.sent_pct(*span) for span in SPANS]
    assert sent == [33, 0, 0, 0]  # the first of three turns, and then nothing
    impatient = VirtualWorld("cut").play("requests+read-timeout-5+connect-timeout-2", until_s=330.0)
    assert impatient.sent_pct(*SPANS[1]) > 0


def test_does_a_busy_client_of_java_keep_what_an_idle_one_gives_up() -> None:
    """Idle connections are kept 5 s: who asks once in 10 s looks up each time."""
    idle = VirtualWorld("503").play("jvm-default", until_s=330.0)
    busy = VirtualWorld("503").play("jvm-default", until_s=330.0, clients=2, period_s=4.0)
    assert idle.share_pct(EU, 300.0, 330.0) == 100
    assert busy.share_pct(EU, 300.0, 330.0) == 0


def test_which_retry_saves_a_request_when_the_answer_has_both_regions() -> None:
    both = ("127.0.1.1", "127.0.2.1")
    for name, failed in (
        ("per-request", True),
        ("per-request+on-5xx", True),
        ("per-request+on-5xx+same-address", True),
        ("per-request+on-5xx+next-address", False),
    ):
        played = VirtualWorld("503", (both, both)).play(name, until_s=30.0)
        ended = played.outcomes(0.0, 30.0)
        assert ended == ({(US, "http_5xx")} if failed else {(EU, "ok")}), name
        resent = {r.resent for r in played.requests if r.began_s >= 0}
        assert resent == {int("on-5xx" in name)}
    reset = VirtualWorld("reset", (both, both)).play("pooled+next-address", until_s=30.0)
    assert reset.outcomes(0.0, 30.0) == {(EU, "ok")}


def test_does_a_budget_end_a_storm_of_retries() -> None:
    played = VirtualWorld("503").play("pooled+retry-3+on-5xx+budget-10", until_s=600.0, clients=1)
    resent = [r.resent for r in played.requests if r.began_s >= 0]
    assert resent[:4] == [3, 3, 3, 1]  # ten at first
    assert sum(resent[4:]) <= 0.1 * len(resent) + 1  # then a tenth of the requests
    free = VirtualWorld("503").play("pooled+retry-3+on-5xx", until_s=600.0, clients=1)
    assert {r.resent for r in free.requests if r.began_s >= 0} == {3}


def test_how_long_does_backoff_keep_a_request() -> None:
    played = VirtualWorld("503").play("pooled+retry-4+on-5xx+backoff-2", until_s=60.0, clients=1)
    first, second = [r for r in played.requests if r.began_s >= 0][:2]
    assert first.resent == 4
    waited_s = second.began_s - first.began_s
    assert 0.0 < waited_s <= max(10.0, 2.0 + 4.0 + 8.0 + 16.0)
