"""The FIS API of the lab: templates kept, experiments started, shown and stopped, tags.

Nothing of moto's FIS is used: it accepts any action and has no effect on anything.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from gameday.lab import fis
from gameday.lab.cloud.experiments import Experiment, Runner, World, now
from gameday.lab.cloud.own import Handler, Params, Result
from gameday.lab.cloud.wire import Fault
from gameday.lab.fis import ActionState

LEVER_ENGAGED = "The safety lever is engaged."


def _identity(prefix: str) -> str:
    return prefix + uuid.uuid4().hex[:17]


class Experiments:
    """The templates and experiments of every Region."""

    def __init__(self, account: str, speed: float, world: World) -> None:
        self._account, self._speed = account, speed
        self._runner = Runner(speed, world)
        self._templates: dict[tuple[str, str], dict[str, Any]] = {}
        self._experiments: dict[tuple[str, str], Experiment] = {}
        self._levers: dict[str, dict[str, str]] = {}  # Region: state, where it was ever moved

    def handlers(self) -> dict[str, Handler]:
        """By operation name."""
        return {
            "CreateExperimentTemplate": self._create_template,
            "GetExperimentTemplate": lambda r, p: {"experimentTemplate": self._template(r, p)},
            "UpdateExperimentTemplate": self._update_template,
            "DeleteExperimentTemplate": self._delete_template,
            "ListExperimentTemplates": self._list_templates,
            "StartExperiment": self._start,
            "GetExperiment": lambda r, p: {"experiment": self._shown(self._experiment(r, p))},
            "StopExperiment": self._stop,
            "ListExperiments": self._list,
            "ListExperimentResolvedTargets": self._resolved_targets,
            "ListActions": lambda r, p: {"actions": [self._action(r, n) for n in fis.ACTIONS]},
            "GetAction": self._get_action,
            "GetSafetyLever": self._get_lever,
            "UpdateSafetyLeverState": self._move_lever,
            "ListTagsForResource": self._tags,
            "TagResource": self._tag,
            "UntagResource": self._untag,
        }

    # -- templates -----------------------------------------------------------------------------

    def _create_template(self, region: str, params: Params) -> Result:
        self._check(params)
        created, identity = now(), _identity("EXT")
        template = {k: v for k, v in params.items() if v is not None and k != "clientToken"} | {
            "id": identity,
            "arn": self._arn(region, "experiment-template", identity),
            "creationTime": created,
            "lastUpdateTime": created,
            "tags": dict(params.get("tags") or {}),
            "experimentOptions": {
                "accountTargeting": "single-account",
                "emptyTargetResolutionMode": "fail",
            }
            | (params.get("experimentOptions") or {}),
        }
        self._templates[region, identity] = template
        return {"experimentTemplate": template}

    def _check(self, template: Mapping[str, Any]) -> None:
        try:
            fis.check_template(template)
        except fis.Invalid as error:
            raise Fault("ValidationException", str(error)) from error

    def _template(self, region: str, params: Params) -> dict[str, Any]:
        identity = params.get("id") or params.get("experimentTemplateId")
        template = self._templates.get((region, str(identity)))
        if template is None:
            message = f"Experiment template {identity} does not exist in {region}."
            raise Fault("ResourceNotFoundException", message)
        return template

    def _update_template(self, region: str, params: Params) -> Result:
        template = self._template(region, params)
        changed = template | {k: v for k, v in params.items() if v is not None}
        self._check(changed)
        template.update(changed, lastUpdateTime=now())
        return {"experimentTemplate": template}

    def _delete_template(self, region: str, params: Params) -> Result:
        template = self._template(region, params)
        del self._templates[region, template["id"]]
        return {"experimentTemplate": template}

    def _list_templates(self, region: str, params: Params) -> Result:
        return {"experimentTemplates": [t for (r, _), t in self._templates.items() if r == region]}

    # -- experiments ---------------------------------------------------------------------------

    def _start(self, region: str, params: Params) -> Result:
        template = self._template(region, params)
        identity = _identity("EXP")
        actions = {
            name: ActionState(
                start_after=tuple(action.get("startAfter") or ()),
                wall_s=fis.duration_s(action["parameters"]["duration"]) / self._speed,
            )
            for name, action in template["actions"].items()
        }
        mode = (params.get("experimentOptions") or {}).get("actionsMode", "run-all")
        experiment = Experiment(
            identity,
            region,
            dict(template),
            {**template["experimentOptions"], "actionsMode": mode},
            dict(params.get("tags") or {}),
            actions,
            now(),
        )
        self._experiments[region, identity] = experiment
        if self._lever(region)["status"] == "engaged":
            experiment.status, experiment.reason = "cancelled", LEVER_ENGAGED
        else:
            self._runner.start(experiment)
        return {"experiment": self._shown(experiment)}

    def _experiment(self, region: str, params: Params) -> Experiment:
        identity = params.get("id") or params.get("experimentId")
        experiment = self._experiments.get((region, str(identity)))
        if experiment is None:
            message = f"Experiment {identity} does not exist in {region}."
            raise Fault("ResourceNotFoundException", message)
        return experiment

    def _list(self, region: str, params: Params) -> Result:
        wanted = params.get("experimentTemplateId")
        return {
            "experiments": [
                self._shown(e)
                for (r, _), e in self._experiments.items()
                if r == region and wanted in (None, e.template["id"])
            ]
        }

    def _stop(self, region: str, params: Params) -> Result:
        experiment = self._experiment(region, params)
        if experiment.status in fis.ENDED:
            message = f"Experiment {experiment.id} is {experiment.status} and cannot be stopped."
            raise Fault("ValidationException", message)
        self._runner.stop(experiment, "Experiment stopped by a user.")
        return {"experiment": self._shown(experiment)}

    def _resolved_targets(self, region: str, params: Params) -> Result:
        experiment = self._experiment(region, params)
        wanted = params.get("targetName")
        return {
            "resolvedTargets": [
                {
                    "resourceType": experiment.template["targets"][name]["resourceType"],
                    "targetName": name,
                    "targetInformation": {"arn": arn},
                }
                for name, arns in experiment.resolved.items()
                for arn in arns
                if wanted in (None, name)
            ]
        }

    # -- the safety lever, one in each Region ----------------------------------------------------

    def _lever(self, region: str) -> dict[str, str]:
        return self._levers.get(region, {"status": "disengaged", "reason": ""})

    def _get_lever(self, region: str, params: Params) -> Result:
        if params["id"] != "default":
            raise Fault("ResourceNotFoundException", f"Safety lever {params['id']} does not exist.")
        arn = self._arn(region, "safety-lever", "default")
        return {"safetyLever": {"id": "default", "arn": arn, "state": self._lever(region)}}

    def _move_lever(self, region: str, params: Params) -> Result:
        shown = self._get_lever(region, params)
        state = {name: str(params["state"][name]) for name in ("status", "reason")}
        if state["status"] == self._lever(region)["status"]:
            raise Fault("ConflictException", f"The safety lever is {state['status']} already.")
        self._levers[region] = state
        if state["status"] == "engaged":
            for (place, _), experiment in self._experiments.items():
                if place == region and experiment.status not in (*fis.ENDED, "stopping"):
                    self._runner.stop(experiment, LEVER_ENGAGED)
        return {"safetyLever": shown["safetyLever"] | {"state": state}}

    # -- how things are shown ------------------------------------------------------------------

    def _arn(self, region: str, kind: str, identity: str) -> str:
        return f"arn:aws:fis:{region}:{self._account}:{kind}/{identity}"

    def _shown(self, experiment: Experiment) -> dict[str, Any]:
        template = experiment.template
        shown = {
            "id": experiment.id,
            "arn": self._arn(experiment.region, "experiment", experiment.id),
            "experimentTemplateId": template["id"],
            "roleArn": template["roleArn"],
            "state": {"status": experiment.status, "reason": experiment.reason},
            "targets": template.get("targets") or {},
            "actions": {n: self._shown_action(experiment, n) for n in experiment.actions},
            "stopConditions": template["stopConditions"],
            "creationTime": experiment.created,
            "startTime": experiment.started,
            "endTime": experiment.ended,
            "tags": experiment.tags,
            "logConfiguration": template.get("logConfiguration"),
            "experimentOptions": experiment.options,
        }
        return {k: v for k, v in shown.items() if v is not None}

    def _shown_action(self, experiment: Experiment, name: str) -> dict[str, Any]:
        state = experiment.actions[name]
        return (
            {k: v for k, v in experiment.template["actions"][name].items() if v is not None}
            | {"state": {"status": state.status, "reason": state.reason}}
            | experiment.action_times.get(name, {})
        )

    def _action(self, region: str, name: str) -> dict[str, Any]:
        kind = fis.ACTIONS[name]
        shown: dict[str, Any] = {
            "id": name,
            "arn": self._arn(region, "action", name),
            "description": kind.description,
            "parameters": {p: {"description": p, "required": True} for p in kind.parameters},
            "tags": {},
        }
        if kind.target_key:
            shown["targets"] = {kind.target_key: {"resourceType": kind.resource_type}}
        return shown

    def _get_action(self, region: str, params: Params) -> Result:
        if params["id"] not in fis.ACTIONS:
            raise Fault("ResourceNotFoundException", f"Action {params['id']} does not exist.")
        return {"action": self._action(region, params["id"])}

    # -- tags ----------------------------------------------------------------------------------

    def _tags_of(self, region: str, arn: str) -> dict[str, str]:
        identity = arn.rpartition("/")[2]
        template = self._templates.get((region, identity))
        experiment = self._experiments.get((region, identity))
        if template is not None:
            tags: dict[str, str] = template["tags"]
            return tags
        if experiment is not None:
            return experiment.tags
        raise Fault("ResourceNotFoundException", f"{arn} does not exist.")

    def _tags(self, region: str, params: Params) -> Result:
        return {"tags": self._tags_of(region, params["resourceArn"])}

    def _tag(self, region: str, params: Params) -> Result:
        self._tags_of(region, params["resourceArn"]).update(params["tags"])
        return {}

    def _untag(self, region: str, params: Params) -> Result:
        tags = self._tags_of(region, params["resourceArn"])
        for key in params.get("tagKeys") or list(tags):
            tags.pop(key, None)
        return {}
