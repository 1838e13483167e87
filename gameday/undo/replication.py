"""The pause of a global table's replication, as a setting: an AWS FIS experiment of ours.

It is on while a template or an experiment that carries our tag exists, whoever started it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from gameday.aws import client, is_missing, translated
from gameday.errors import AwsError
from gameday.undo import permission
from gameday.undo.setting import Need, Owner, Setting, aws_line

STOPPABLE = ("pending", "initiating", "running")


@dataclass(frozen=True, slots=True)
class Replication(Setting):
    """Whether a FIS experiment of ours pauses the tables' replication into and out of the Region.

    The action is aws:dynamodb:global-table-pause-replication; on AWS writes may still cross for
    up to 5 minutes after it begins (FIS, "Actions reference"). It ends by itself after
    `minutes`, whoever dies. `token` tags our template and experiment, so that they are found
    again by a process that did not make them.
    """

    kind: ClassVar[str] = "replication"
    tables: tuple[str, ...]  # ARNs in the Region
    role: str
    token: str
    minutes: int = 60

    def __str__(self) -> str:
        names = ", ".join(arn.rpartition("/")[2] for arn in self.tables)
        return f"pause of replication of {names} in {self.region}"

    def read(self) -> bool:
        with translated(f"ListExperiments in {self.region}"):
            return any(self._active()) or any(self._templates())

    def write(self, value: bool) -> None:
        with translated(f"starting the {self}" if value else f"ending the {self}"):
            if value:
                self._start()
            else:
                self._stop()

    def settled(self, value: bool) -> bool:
        if not value:
            return not self.read()
        with translated(f"ListExperiments in {self.region}"):
            ours = [e["state"] for e in self._listed("experiments")]
        if any(s["status"] in ("failed", "cancelled", "stopped") for s in ours):
            raise AwsError(f"{self}: FIS says {ours[0]['status']}: {ours[0].get('reason', '')}")
        return any(s["status"] == "running" for s in ours)

    def _start(self) -> None:
        api = client("fis", self.region, quick=True)
        tags = {"gameday": self.token}
        template = api.create_experiment_template(
            clientToken=self.token,
            description="gameday: replication paused while the Region is lost",
            stopConditions=[{"source": "none"}],
            targets={
                "tables": {
                    "resourceType": "aws:dynamodb:global-table",
                    "resourceArns": list(self.tables),
                    "selectionMode": "ALL",
                }
            },
            actions={
                "pause": {
                    "actionId": "aws:dynamodb:global-table-pause-replication",
                    "parameters": {"duration": f"PT{self.minutes}M"},
                    "targets": {"Tables": "tables"},
                }
            },
            roleArn=self.role,
            tags=tags,
        )["experimentTemplate"]
        api.start_experiment(clientToken=self.token, experimentTemplateId=template["id"], tags=tags)

    def _stop(self) -> None:
        api = client("fis", self.region, quick=True)
        for experiment in list(self._active()):
            if experiment["state"]["status"] != "stopping":
                api.stop_experiment(id=experiment["id"])
        for template in list(self._templates()):
            try:
                api.delete_experiment_template(id=template["id"])
            except ClientError as e:
                if not is_missing(e):  # somebody else was quicker
                    raise

    def _listed(self, member: str) -> Iterator[dict[str, Any]]:
        api = client("fis", self.region, quick=True)
        operation = "list_experiments" if member == "experiments" else "list_experiment_templates"
        for page in api.get_paginator(operation).paginate():
            for item in page[member]:
                if item.get("tags", {}).get("gameday") == self.token:
                    yield item

    def _active(self) -> Iterator[dict[str, Any]]:
        busy = (*STOPPABLE, "stopping")
        return (e for e in self._listed("experiments") if e["state"]["status"] in busy)

    def _templates(self) -> Iterator[dict[str, Any]]:
        return self._listed("experimentTemplates")

    def prove_undo(self, present: bool) -> None:
        """There is nothing yet that could be stopped once more, so IAM is asked."""
        permission.refuse_denied(self.region, self._undo_needs)

    def _undo_needs(self, owner: Owner) -> tuple[Need, ...]:
        """Ids are made by FIS; these stand for them."""
        experiment = owner.arn("fis", self.region, "experiment/EXPgameday")
        template = owner.arn("fis", self.region, "experiment-template/EXTgameday")
        return (
            *owner.needs("*", "fis:ListExperiments", "fis:ListExperimentTemplates"),
            *owner.needs(experiment, "fis:StopExperiment"),
            *owner.needs(template, "fis:DeleteExperimentTemplate"),
        )

    def commands(self, value: bool) -> list[str]:
        if value:
            raise AwsError(f"{self} is started by an action only")
        going = json.dumps(STOPPABLE)
        experiments = f"experiments[?{self._ours} && contains(`{going}`, state.status)].id"
        templates = f"experimentTemplates[?{self._ours}].id"
        return [
            self._each("list-experiments", experiments, "stop-experiment"),
            self._each("list-experiment-templates", templates, "delete-experiment-template"),
        ]

    def needs(self, owner: Owner) -> tuple[Need, ...]:
        """Ids are made by FIS, so the resources of its templates and experiments end in `*`."""
        listing = owner.needs("*", "fis:ListExperiments", "fis:ListExperimentTemplates")
        template = owner.arn("fis", self.region, "experiment-template/*")
        experiment = owner.arn("fis", self.region, "experiment/*")
        action = f"arn:{owner.partition}:fis:*:*:action/aws:dynamodb:global-table-pause-replication"
        return (
            *listing,
            *owner.needs(action, "fis:CreateExperimentTemplate"),
            *owner.needs(
                template,
                "fis:CreateExperimentTemplate",
                "fis:StartExperiment",
                "fis:DeleteExperimentTemplate",
                "fis:TagResource",
            ),
            *owner.needs(
                experiment, "fis:StartExperiment", "fis:StopExperiment", "fis:TagResource"
            ),
            *owner.needs(self.role, "iam:PassRole"),
            *permission.needs(owner),
        )

    @property
    def _ours(self) -> str:
        """JMESPath for what carries our tag."""
        return f'tags.gameday==`"{self.token}"`'

    def _each(self, listing: str, query: str, verb: str) -> str:
        """A line that applies `verb` to everything that the JMESPath `query` finds."""
        ids = aws_line("fis", self.region, listing, "--output", "text", "--query", query)
        return f'for id in $({ids}); do {aws_line("fis", self.region, verb)} --id "$id"; done'
