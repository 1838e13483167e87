"""Pausing the replication of an application's global tables in one Region, by AWS FIS."""

from __future__ import annotations

import uuid
from typing import Any

from gameday.actions.fault import inject, known, put_back
from gameday.aws import activity, client, translated
from gameday.discover import global_tables, output
from gameday.errors import AwsError
from gameday.undo import Replication

__all__ = ["pause_replication", "resume_replication"]


@activity
def pause_replication(region: str, stack: str, within_s: float = 60.0) -> dict[str, Any]:
    """Pause replication into and out of a Region; reads and writes go on there.

    On AWS writes may still cross for up to 5 minutes after the action begins (AWS FIS, "Actions
    reference"). Undone by `resume_replication`, and after 60 minutes by AWS FIS itself.

    :param region: the Region whose replicas are paused against all others
    :param stack: the application's name
    :param within_s: AWS seconds allowed until the experiment runs
    :return: `effects` and `left_alone`, lists of sentences
    """
    known(region)
    pause = pause_of(region, stack)
    if pause is None:
        raise AwsError(f"stack {stack} has no global table, so there is no replication to pause")
    return inject(
        "pause_replication",
        region,
        [(pause, True)],
        effects=["replication paused"],
        within_s=float(within_s),
    )


@activity
def resume_replication(region: str, stack: str) -> dict[str, Any]:
    """Let the tables replicate again, from where they were paused.

    :param region: the Region whose replicas were paused
    :param stack: the application's name
    :return: `settings` that this run had changed and how many are `equal` to before
    """
    return put_back(region, ("replication",))


def pause_of(region: str, stack: str) -> Replication | None:
    """The pause of the application's global tables in `region`, not yet begun; None without any.

    :raises AwsError: no stack says by which role AWS FIS may act.
    """
    regions = known(region)
    names = global_tables(stack, regions)
    if not names:
        return None
    role = output(stack, regions, "FisRoleArn")
    if role is None:
        raise AwsError(
            f"no stack of {stack} has an output FisRoleArn, the role for AWS FIS: add it, or pass "
            "replication: untouched"
        )
    return Replication(region, tuple(_arn(n, region) for n in names), role, uuid.uuid4().hex[:12])


def _arn(table: str, region: str) -> str:
    with translated(f"DescribeTable of {table} in {region}"):
        described = client("dynamodb", region).describe_table(TableName=table)
    return str(described["Table"]["TableArn"])
