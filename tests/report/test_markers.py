"""Do labels of markers ever cover each other, or does a line cross one?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gameday.report.markers import ROWS_MAX, place

TEXTS = ("fault", "detected 27 s", "DNS moved 27 s", "alarm 65 s", "recovered 97 s",
         "put back 404 s", "failed back 495 s")  # fmt: skip


def test_do_labels_stand_right_of_their_line_while_there_is_room() -> None:
    first, last = sorted(place([("a", "a" * 10, 10.0), ("b", "b" * 10, 390.0)], 400.0, 6.0),
                         key=lambda m: m.x)  # fmt: skip
    assert (first.leftward, last.leftward) == (False, True)
    assert last.right <= 400


@given(st.lists(st.floats(100, 1340), min_size=7, max_size=7))
def test_are_labels_free_of_each_other_and_of_lines(places) -> None:
    labels = place(zip(TEXTS, TEXTS, sorted(places), strict=True), 1350.0, 6.4)
    for a in labels:
        assert a.right <= 1351
        for b in labels:
            if a is b or ROWS_MAX in (a.row, b.row):
                continue
            if a.row == b.row:
                assert a.right < b.left or b.right < a.left
            elif a.row < b.row:
                assert not b.left < a.x < b.right, "the line of a crosses the label of b"


def test_do_seven_at_one_instant_find_a_place() -> None:
    labels = place(((t, t, 500.0) for t in TEXTS), 1350.0, 6.4)
    assert max(m.row for m in labels) < ROWS_MAX
