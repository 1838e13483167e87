"""A target file travels with the experiments; a key in it is a key in the repository."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, TargetSubject

SEVERITY = "error"
ABOUT = "target"
REMEDY = "Name an AWS_PROFILE, or let the job assume a role."
SOURCE = "IAM User Guide: Managing access keys"
FAILING = """\
{AWS_SECRET_ACCESS_KEY: abc}
"""
PASSING = """\
{AWS_PROFILE: staging}
"""


def check(subject: TargetSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    lab = "127.0.0.1" in subject.values.get("AWS_ENDPOINT_URL", "")
    for name in subject.values:
        if not lab and name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID"):
            yield Hit(name, "a credential in a target file")
