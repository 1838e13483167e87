"""The kill switch of a target: an SSM parameter that stops its runs from any machine.

It is kept in every Region, so that one of them may be lost. While it is set anywhere nothing
begins, and a run that polls it ends. `off`, or no parameter, is not set; any other text is the
reason.
"""

from __future__ import annotations

from botocore.exceptions import ClientError

from gameday.aws import client, translated
from gameday.errors import AwsError, GamedayError, UsageError
from gameday.settings import Target
from gameday.stop_when import KillSwitch

OFF = "off"


def name(target: Target) -> str:
    """The parameter: GAMEDAY_KILL_SWITCH, else `/gameday/STACK/kill-switch`."""
    return target.limits.kill_switch or f"/gameday/{target.stack or 'default'}/kill-switch"


def is_set(value: str | None) -> bool:
    """Whether a parameter's value stops runs."""
    return value is not None and value.strip().lower() != OFF


def read(target: Target, region: str) -> str | None:
    """The parameter's value in `region`; None when there is none.

    :raises AwsError: nobody can tell.
    """
    with translated(f"GetParameter {name(target)} in {region}"):
        try:
            answer = client("ssm", region, quick=True).get_parameter(Name=name(target))
        except ClientError as e:
            if e.response.get("Error", {}).get("Code") == "ParameterNotFound":
                return None
            raise
    return str(answer["Parameter"]["Value"])


def write(target: Target, value: str) -> tuple[list[str], list[str]]:
    """Set the parameter to `value` in every Region; where it is now, and why elsewhere not.

    :raises UsageError: the target names no Region.
    :raises AwsError: no Region took it.
    """
    if not target.regions:
        raise UsageError("GAMEDAY_REGIONS is not set; the kill switch is kept in every Region")
    done: list[str] = []
    failed: list[str] = []
    for region in target.regions:
        try:
            with translated(f"PutParameter {name(target)} in {region}"):
                client("ssm", region, quick=True).put_parameter(
                    Name=name(target), Value=value, Type="String", Overwrite=True
                )
        except GamedayError as e:
            failed.append(str(e))
        else:
            done.append(region)
    if not done:
        raise AwsError("; ".join(failed))
    return done, failed


def condition(target: Target, region: str | None) -> tuple[KillSwitch, ...]:
    """The stop condition of a run that breaks `region`: it is looked for in the other Regions."""
    others = tuple(r for r in target.regions if r != region)
    return (KillSwitch(f"the kill switch {name(target)} was set", others),) if others else ()


def command(target: Target, region: str) -> str:
    """A plain line that sets it in `region`, for whoever has no copy of this tool."""
    return (
        f"aws ssm put-parameter --region {region} --name {name(target)} "
        "--type String --overwrite --value stop"
    )
