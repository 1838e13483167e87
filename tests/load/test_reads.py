"""What has a session a right to see?"""

from __future__ import annotations

import pytest

from gameday.load.reads import ABSENT, KEPT_MAX, Broken, Session
from gameday.load.write import Write


def test_must_it_see_what_it_wrote() -> None:
    session = Session()
    session.wrote("i1", 5.0)
    assert session.read("i1", ABSENT) is Broken.OWN_WRITES
    assert session.read("i1", 4.0) is Broken.OWN_WRITES
    assert session.read("i1", 5.0) is None
    assert session.read("i1", ABSENT) is Broken.OWN_WRITES, "reading it makes it no less its own"


def test_must_it_see_again_what_it_saw() -> None:
    session = Session()
    assert session.read("i1", ABSENT) is None
    assert session.read("i1", 5.0) is None
    assert session.read("i1", 4.0) is Broken.MONOTONIC
    assert session.read("i1", ABSENT) is Broken.MONOTONIC
    assert session.read("i1", 5.0) is None
    assert session.read("i2", ABSENT) is None, "of another item it saw nothing"


def test_whose_is_a_version_that_replaced_its_own() -> None:
    session = Session()
    session.wrote("i1", 5.0)
    assert session.read("i1", 6.0) is None
    assert session.read("i1", 5.0) is Broken.MONOTONIC


def test_may_an_item_be_gone_that_it_deleted() -> None:
    session = Session()
    session.wrote("i1", 5.0)
    session.deleted("i1")
    assert session.read("i1", ABSENT) is None


def test_does_it_remember_only_what_it_touched_last() -> None:
    session = Session()
    for number in range(KEPT_MAX + 1):
        session.wrote(f"i{number}", 1.0)
    assert session.read("i0", ABSENT) is None
    assert session.read("i1", ABSENT) is Broken.OWN_WRITES


class Answer:
    """What Locust hands to a task."""

    headers: dict[str, str] | None = None

    def __init__(self, content: bytes | None, **headers: str) -> None:
        self.content, self.headers = content, headers or None


@pytest.mark.parametrize(
    ("content", "item_id", "version"),
    [(b'{"id": "i1", "written_at": 7}', "i1", 7.0), (b'{"id": "i1"}', "i1", 0.0),
     ('{"id": "\u00e91"}'.encode(), "\u00e91", 0.0), (b"[]", None, 0.0), (b"no JSON", None, 0.0),
     (b'{"id": "\xe91"}', None, 0.0), (None, None, 0.0)],
)  # fmt: skip
def test_what_does_the_answer_to_a_write_say(
    content: bytes | None, item_id: str | None, version: float
) -> None:
    write = Write("k")
    write.answer(Answer(content))
    assert (write.item_id, write.version, write.not_invoked) == (item_id, version, False)


def test_does_a_refused_delete_forget_which_item_it_was() -> None:
    write = Write("k", "delete", "i1")
    write.answer(
        Answer(b'{"message": "no"}', **{"x-amzn-errortype": "InternalServerErrorException"})
    )
    assert (write.item_id, write.not_invoked) == ("i1", True)
