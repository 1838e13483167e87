"""The settings that actions change: each can be read, written and put back by a plain command.

A setting is a frozen dataclass of names, so the journal holds it as JSON and another process can
put it back. Values are JSON too; None means that the setting was absent.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Any, ClassVar

from gameday import admin, settings
from gameday.aws import GLOBAL_REGION, client, translated

Value = Any


@dataclass(frozen=True, slots=True)
class Need:
    """What IAM must allow: an action, on a resource's ARN or `*`."""

    action: str
    resource: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose resources they are: the beginning of every ARN."""

    partition: str
    account: str

    def arn(self, service: str, region: str, resource: str) -> str:
        """The ARN of a resource in this account."""
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{resource}"

    def needs(self, arn: str, *actions: str) -> tuple[Need, ...]:
        """Each of the actions on one resource."""
        return tuple(Need(action, arn) for action in actions)


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing in one Region that has a value."""

    kind: ClassVar[str] = ""
    region: str

    def __str__(self) -> str:
        raise NotImplementedError

    def read(self) -> Value:
        """The value now.

        :raises AwsError: the API does not answer.
        """
        raise NotImplementedError

    def write(self, value: Value) -> None:
        """Ask for `value`; `settled` says when it is there."""
        raise NotImplementedError

    def settled(self, value: Value) -> bool:
        """Whether `value` is in effect."""
        return bool(self.read() == value)

    def prove_undo(self, present: Value) -> None:
        """Show that the setting may be given its present value, by giving it that once more.

        :raises AwsError: it may not, or nobody can tell.
        """
        self.write(present)

    def commands(self, value: Value) -> list[str]:
        """Shell lines that give the setting `value`."""
        raise NotImplementedError

    def needs(self, owner: Owner) -> tuple[Need, ...]:
        """What IAM must allow, to read it, to change it and to put it back."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Concurrency(Setting):
    """A function's reserved concurrency; 0 stops every invocation, None is no reservation."""

    kind: ClassVar[str] = "concurrency"
    function: str

    def __str__(self) -> str:
        return f"reserved concurrency of {self.function} in {self.region}"

    def read(self) -> int | None:
        with translated(f"GetFunctionConcurrency of {self}"):
            api = client("lambda", self.region, quick=True)
            answer = api.get_function_concurrency(FunctionName=self.function)
        value = answer.get("ReservedConcurrentExecutions")
        return None if value is None else int(value)

    def write(self, value: int | None) -> None:
        api = client("lambda", self.region, quick=True)
        with translated(f"setting the {self}"):
            if value is None:
                api.delete_function_concurrency(FunctionName=self.function)
            else:
                api.put_function_concurrency(
                    FunctionName=self.function, ReservedConcurrentExecutions=value
                )

    def commands(self, value: int | None) -> list[str]:
        verb = "put" if value is not None else "delete"
        words = [f"{verb}-function-concurrency", "--function-name", self.function]
        if value is not None:
            words += ["--reserved-concurrent-executions", str(value)]
        return [aws_line("lambda", self.region, *words)]

    def needs(self, owner: Owner) -> tuple[Need, ...]:
        verbs = ("Get", "Put", "Delete")
        actions = (f"lambda:{verb}FunctionConcurrency" for verb in verbs)
        return owner.needs(owner.arn("lambda", self.region, f"function:{self.function}"), *actions)


@dataclass(frozen=True, slots=True)
class Inverted(Setting):
    """A health check's Inverted. Disabled would make it healthy (Route 53, "Disabled")."""

    kind: ClassVar[str] = "inverted"
    check: str

    def __str__(self) -> str:
        return f"Inverted of health check {self.check} for {self.region}"

    def read(self) -> bool:
        with translated(f"GetHealthCheck of {self.check}"):
            api = client("route53", GLOBAL_REGION, quick=True)
            config = api.get_health_check(HealthCheckId=self.check)["HealthCheck"]
        return bool(config["HealthCheckConfig"].get("Inverted", False))

    def write(self, value: bool) -> None:
        with translated(f"setting {self}"):
            api = client("route53", GLOBAL_REGION, quick=True)
            api.update_health_check(HealthCheckId=self.check, Inverted=value)

    def commands(self, value: bool) -> list[str]:
        flag = "--inverted" if value else "--no-inverted"
        words = ["update-health-check", "--health-check-id", self.check, flag]
        return [aws_line("route53", GLOBAL_REGION, *words)]

    def needs(self, owner: Owner) -> tuple[Need, ...]:
        arn = f"arn:{owner.partition}:route53:::healthcheck/{self.check}"
        return owner.needs(arn, "route53:GetHealthCheck", "route53:UpdateHealthCheck")


@dataclass(frozen=True, slots=True)
class Variable(Setting):
    """One environment variable of a function; the values of the others are never written down."""

    kind: ClassVar[str] = "variable"
    function: str
    name: str
    others: tuple[str, ...]  # names that the function has besides

    def __str__(self) -> str:
        return f"{self.name} of function {self.function} in {self.region}"

    def read(self) -> str | None:
        value = self._configuration().get("Environment", {}).get("Variables", {}).get(self.name)
        return None if value is None else str(value)

    def _configuration(self) -> dict[str, Any]:
        with translated(f"GetFunctionConfiguration of {self.function} in {self.region}"):
            api = client("lambda", self.region, quick=True)
            return dict(api.get_function_configuration(FunctionName=self.function))

    def write(self, value: str | None) -> None:
        variables = dict(self._configuration().get("Environment", {}).get("Variables", {}))
        variables.pop(self.name, None)
        if value is not None:
            variables[self.name] = value
        with translated(f"setting {self}"):
            client("lambda", self.region, quick=True).update_function_configuration(
                FunctionName=self.function, Environment={"Variables": variables}
            )

    def settled(self, value: str | None) -> bool:
        configuration = self._configuration()
        if configuration.get("LastUpdateStatus", "Successful") != "Successful":
            return False
        return bool(self.read() == value)

    def commands(self, value: str | None) -> list[str]:
        words = ["update-function-configuration", "--function-name", self.function]
        kept = {name: f"Environment.Variables.{name}" for name in self.others}
        if value is not None:
            kept[self.name] = "`" + json.dumps(value).replace("`", "\\u0060") + "`"
        line = aws_line("lambda", self.region, *words)
        if not kept:
            return [line + " --environment '{\"Variables\": {}}'"]
        query = ", ".join(f"{name}: {source}" for name, source in kept.items())
        words = ["get-function-configuration", "--function-name", self.function]
        words += ["--output", "json", "--query", f"{{Variables: {{{query}}}}}"]
        return [f'{line} --environment "$({aws_line("lambda", self.region, *words)})"']

    def needs(self, owner: Owner) -> tuple[Need, ...]:
        actions = (f"lambda:{verb}FunctionConfiguration" for verb in ("Get", "Update"))
        return owner.needs(owner.arn("lambda", self.region, f"function:{self.function}"), *actions)


@dataclass(frozen=True, slots=True)
class Cut(Setting):
    """Whether a Region's packets vanish: the lab's management door, nothing that AWS has."""

    kind: ClassVar[str] = "cut"

    def __str__(self) -> str:
        return f"cut of {self.region}"

    def read(self) -> bool:
        return self.region in admin.request("GET", "/status")["cut"]

    def write(self, value: bool) -> None:
        admin.request("PUT" if value else "DELETE", f"/regions/{self.region}/cut")

    def commands(self, value: bool) -> list[str]:
        words = ["gameday", "lab", "break" if value else "heal", self.region]
        folder = settings.current().lab_dir
        return [shlex.join([*words, "--lab", folder.name] if folder else words)]

    def needs(self, owner: Owner) -> tuple[Need, ...]:
        return ()


def aws_line(service: str, region: str, *words: str) -> str:
    """One `aws` command as a shell line."""
    return shlex.join(["aws", service, *words, "--region", region])
