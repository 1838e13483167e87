"""Asks IAM, before anything is changed, whether what an undo calls is permitted.

For settings whose present value can be written back unchanged that is the better proof; this is
for the others. SimulatePrincipalPolicy judges the caller's own policies and permissions boundary,
not those of the organisation that it cannot see (IAM, "SimulatePrincipalPolicy").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gameday import settings
from gameday.aws import client, is_loopback, translated
from gameday.errors import AwsError
from gameday.undo.setting import Need, Owner


def refuse_denied(region: str, needs_of: Callable[[Owner], Iterable[Need]]) -> None:
    """Return if who calls in `region` may do all that `needs_of` its account says.

    Behind an endpoint on loopback there is no IAM that could deny anything: nothing is asked.

    :raises AwsError: IAM denies one of them, or cannot be asked.
    """
    endpoint = settings.current().aws_endpoint
    if endpoint is not None and is_loopback(endpoint):
        return
    refuse_denied_by(client("sts", region), client("iam", region), needs_of)


def refuse_denied_by(sts: Any, iam: Any, needs_of: Callable[[Owner], Iterable[Need]]) -> None:
    """The same, by these clients.

    :raises AwsError: IAM denies one of them, or cannot be asked.
    """
    with translated("asking IAM whether the undo is permitted"):
        identity = sts.get_caller_identity()
        principal = _principal(identity["Arn"], iam)
        if principal is None:
            return
        owner = Owner(identity["Arn"].split(":")[1], identity["Account"])
        by_resource: dict[str, list[str]] = {}
        for need in needs_of(owner):
            by_resource.setdefault(need.resource, []).append(need.action)
        for resource, actions in by_resource.items():
            answer = iam.simulate_principal_policy(
                PolicySourceArn=principal, ActionNames=actions, ResourceArns=[resource]
            )
            for result in answer["EvaluationResults"]:
                if result["EvalDecision"] != "allowed":
                    action, decision = result["EvalActionName"], result["EvalDecision"]
                    raise AwsError(f"{principal} may not {action} on {resource}: {decision}")


def _principal(arn: str, iam: Any) -> str | None:
    """Whose policies count for caller `arn`; None for the root user, who may do everything.

    The ARN of an assumed role has lost the role's path, which the policies' owner has.
    """
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if kind == "root":
        return None
    if kind == "user":
        return arn
    if kind == "assumed-role":
        return str(iam.get_role(RoleName=name.partition("/")[0])["Role"]["Arn"])
    raise AwsError(f"nobody can tell what {arn} may do; use a role or a user")


def needs(owner: Owner) -> tuple[Need, ...]:
    """What IAM must allow, to ask it."""
    roles = owner.arn("iam", "", "role/*")
    users = owner.arn("iam", "", "user/*")
    return (
        *owner.needs(roles, "iam:GetRole", "iam:SimulatePrincipalPolicy"),
        *owner.needs(users, "iam:SimulatePrincipalPolicy"),
    )
