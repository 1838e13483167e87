"""Does every rule fail on its own example, and pass on the other?"""

from __future__ import annotations

import pytest

from gameday.review.catalogue import catalogue, example

RULES = catalogue()


# what a review of an architecture is expected to know, each by the rule that says it
ARCHITECTURE = {
    "both checks on one Region": "checks-on-one-region",
    "check on a shared name": "check-on-shared-name",
    "check on execute-api while clients use a custom domain": "check-beside-custom-domain",
    "check on a custom domain while clients use execute-api": "check-beside-invoke-url",
    "check on an execute-api endpoint that is disabled": "check-on-closed-endpoint",
    "record without a check": "record-without-check",
    "orphan check": "orphan-check",
    "shallow check only": "shallow-check",
    "health apart from the data path": "health-apart-from-data",
    "deep check that reaches into other Regions": "health-reaches-other-regions",
    "EvaluateTargetHealth on API Gateway relied upon": "target-health-of-api",
    "TTL too long": "ttl-too-long",
    "TTL on an alias": "ttl-on-alias",
    "threshold 1": "threshold-of-one",
    "interval and threshold that cannot meet the RTO": "rto-out-of-reach",
    "all weights zero": "all-weights-zero",
    "geolocation without default": "geolocation-without-default",
    "failover pair swapped": "failover-pair-swapped",
    "check disabled, which means healthy": "check-disabled",
    "A and AAAA groups that differ": "address-families-differ",
    "stacks that differ": "regions-differ",
    "stacks set up otherwise": "region-settings-differ",
    "non-idempotent POST": "post-not-idempotent",
    "one setting that turns all Regions red": "one-switch-for-all-regions",
    "table without replica": "table-without-replica",
    "table without streams": "table-without-streams",
    "table without point-in-time recovery": "table-without-recovery",
    "concurrency limits of the survivor": "survivor-concurrency",
    "certificate or mapping missing in one Region": "domain-without-mapping",
    "IAM wildcards": "iam-wildcard",
    "control-plane calls in a failover path": "control-plane-in-failover",
    "overlapping CIDRs": "overlapping-cidrs",
}


@pytest.mark.parametrize("what", ARCHITECTURE)
def test_is_there_a_rule_for_it(what) -> None:
    assert ARCHITECTURE[what] in {rule.id for rule in RULES}


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
