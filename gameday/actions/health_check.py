"""Failing a Region's health check while the Region goes on serving.

`fail_health_check` inverts the check, which flips its result at once; `fail_deep_check` lets the
application answer 503, which health checkers must notice first.
"""

from __future__ import annotations

from typing import Any

from gameday.actions.fault import counted, endpoint, inject, known, put_back
from gameday.aws import activity, client, translated
from gameday.discover import checks_of, functions_at
from gameday.undo import Inverted, Variable

__all__ = ["fail_deep_check", "fail_health_check", "restore_deep_check", "restore_health_check"]

STATUS_VARIABLE = "HEALTH_STATUS"


@activity
def fail_health_check(region: str, stack: str, within_s: float = 60.0) -> dict[str, Any]:
    """Invert a Region's Route 53 health checks: healthy becomes unhealthy at once.

    Never `Disabled`, which makes a check healthy (Amazon Route 53, "UpdateHealthCheck").
    Undone by `restore_health_check`.

    :param region: the Region that DNS is to leave
    :param stack: the application's name
    :param within_s: AWS seconds allowed until the checks read as inverted
    :return: `effects` and `left_alone`, lists of sentences
    """
    known(region)
    checks = checks_of(region, endpoint())
    return inject(
        "fail_health_check",
        region,
        [(Inverted(region, check), True) for check in checks],
        effects=[f"{counted(len(checks), 'health check')} inverted"],
        within_s=float(within_s),
    )


@activity
def restore_health_check(region: str, stack: str) -> dict[str, Any]:
    """Give a Region's health checks their former `Inverted`.

    :param region: the Region whose checks were inverted
    :param stack: the application's name
    :return: `settings` that this run had changed and how many are `equal` to before
    """
    return put_back(region, ("inverted",))


@activity
def fail_deep_check(
    region: str,
    stack: str,
    status: int = 503,
    path: str = "/health/deep",
    within_s: float = 60.0,
) -> dict[str, Any]:
    """Let a Region's deep health check answer `status` while everything else is served.

    Sets HEALTH_STATUS on the functions that answer `path`; their other variables are left as
    they are. Undone by `restore_deep_check`.

    :param region: the Region that DNS is to leave
    :param stack: the application's name
    :param status: what the check answers
    :param path: the route that health checkers ask
    :param within_s: AWS seconds allowed until Lambda has updated the functions
    :return: `effects` and `left_alone`, lists of sentences
    """
    known(region)
    names = functions_at(stack, region, path)
    return inject(
        "fail_deep_check",
        region,
        [(_status_of(name, region), str(status)) for name in names],
        effects=[f"{path} answers {status}"],
        within_s=float(within_s),
    )


@activity
def restore_deep_check(region: str, stack: str) -> dict[str, Any]:
    """Give the functions behind the deep check their former HEALTH_STATUS.

    :param region: the Region whose deep check was failed
    :param stack: the application's name
    :return: `settings` that this run had changed and how many are `equal` to before
    """
    return put_back(region, ("variable",))


def _status_of(function: str, region: str) -> Variable:
    with translated(f"GetFunctionConfiguration of {function} in {region}"):
        api = client("lambda", region)
        configuration = api.get_function_configuration(FunctionName=function)
    names = configuration.get("Environment", {}).get("Variables", {})
    others = tuple(sorted(name for name in names if name != STATUS_VARIABLE))
    return Variable(region, function, STATUS_VARIABLE, others)
