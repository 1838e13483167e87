"""Does every rule fail on its own example, and pass on the other?"""

from __future__ import annotations

import pytest

from gameday.review.catalogue import catalogue, example

RULES = catalogue()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_does_the_failing_example_fail(rule) -> None:
    hits = list(rule.check(example(rule.about, rule.failing)))
    assert hits
    assert all(hit.where and hit.message and "\n" not in hit.message for hit in hits)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_does_the_passing_example_pass(rule) -> None:
    assert list(rule.check(example(rule.about, rule.passing))) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_does_the_rule_say_why_what_to_do_and_who_says_so(rule) -> None:
    assert rule.why.endswith(".")
    assert rule.remedy.endswith(".")
    assert rule.source
