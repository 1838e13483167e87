"""Which files `gameday init` writes, and what they say. Nothing is written here."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gameday import templates
from gameday.errors import UsageError
from gameday.init import reference
from gameday.init.locustfile import locustfile
from gameday.init.recognise import Recognised, found, open_points, recognise
from gameday.init.workflow import workflow

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_PLACEHOLDER = "api.example.test"
_USUAL_NAMES = ("template.yaml", "template.yml", "template.json")
_NOTHING = Recognised((), None, (), (), (), (), (), ())


@dataclass(frozen=True, slots=True)
class FileToWrite:
    """A file, its path relative to the repository's root, and what it will hold."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class InitPlan:
    """What will be written, and what the template said and did not say."""

    files: tuple[FileToWrite, ...]
    recognised: tuple[str, ...]
    not_recognised: tuple[str, ...]


def plan(
    root: Path, template: Path | None, regions: Sequence[str], reference_too: bool = False
) -> InitPlan:
    """The files for the repository at `root`; with `reference_too` the reference application's.

    Without `template` the usual names in `root` are tried.

    :raises UsageError: fewer than two Regions, or one that is none.
    :raises TemplateError: the template cannot be read.
    """
    _check_regions(regions)
    if reference_too:
        return _reference_plan(regions)
    file = template or next((root / n for n in _USUAL_NAMES if (root / n).is_file()), None)
    what = recognise(templates.load(file)) if file else _NOTHING
    name = _slug(root.resolve().name)
    endpoint = what.endpoint or _PLACEHOLDER
    load = name.replace("-", "_")
    texts = {
        "deploy/stacks.yaml": _stacks(name, endpoint, regions, root, file, what),
        "deploy/targets/aws.env.example": _target(regions, name, endpoint),
        "experiments/region-outage.yaml": _experiment(load),
        "experiments/region-outage.md": _runbook(endpoint),
        f"loadtests/{load}.py": locustfile(load, what.routes),
        "deploy/jobs/gate.yaml": _gate(root, file, what),
        ".github/workflows/gameday.yml": workflow("experiments/region-outage.yaml"),
    }
    missing = [] if file else [f"no template: looked for {', '.join(_USUAL_NAMES)}; say --template"]
    return InitPlan(
        tuple(FileToWrite(Path(path), text) for path, text in texts.items()),
        tuple(found(what)),
        tuple(missing or open_points(what)),
    )


def _reference_plan(regions: Sequence[str]) -> InitPlan:
    if len(regions) != 2:
        raise UsageError("the reference application has two Regions: say --region twice")
    texts = dict(reference.files())
    listed = f"regions: [{', '.join(regions)}]"
    texts["deploy/stacks.yaml"] = re.sub(
        r"^regions: \[.*\]$", listed, texts["deploy/stacks.yaml"], flags=re.MULTILINE
    )
    texts["deploy/targets/aws.env.example"] = _target(regions, "gameday", "api.example.com")
    texts[".github/workflows/gameday.yml"] = workflow("deploy/jobs/nightly.yaml")
    written = tuple(FileToWrite(Path(path), text) for path, text in texts.items())
    return InitPlan(written, ("the reference application",), ())


def _check_regions(regions: Sequence[str]) -> None:
    for region in regions:
        if not _REGION.fullmatch(region):
            raise UsageError(f"--region {region}: an AWS Region looks like eu-west-1")
    if len(set(regions)) < 2 or len(set(regions)) < len(regions):
        raise UsageError("losing a Region takes at least two different ones: --region A --region B")


def _slug(name: str) -> str:
    """A name that CloudFormation takes for a stack: letters, digits and hyphens."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return slug if slug[:1].isalpha() else f"app-{slug}".rstrip("-")


def _stacks(
    name: str, endpoint: str, regions: Sequence[str], root: Path, file: Path | None,
    what: Recognised,
) -> str:  # fmt: skip
    path = os.path.relpath(file, root / "deploy") if file else "../template.yaml"
    lines = [
        "# What is deployed where. The lab and AWS read this same file.",
        "#",
        "# A parameter's value is text, or {output: STACK.NAME} (another stack's output, with",
        "# `region: 0` for the first Region's), {region: 1} (a Region by place) or {seconds: 5}",
        "# (a duration inside the application, which the lab divides by its speed).",
        f"application: {name}                # stacks are named {name}-regional, ...",
        f"endpoint: {endpoint}               # the name that clients use in every Region",
        "region_header: x-region            # the response header that names the Region",
        "# rpo_s: 5 when the load writes inside `with self.writing()`: the ledger measures it",
        "objectives: {rto_s: 150, rpo_s: .inf}",
        f"regions: [{', '.join(regions)}]  # the home Region first",
        "",
        "stacks:",
        "  regional:",
        f"    template: {path}",
        "    regions: every",
    ]
    if what.parameters:
        lines.append("    parameters:")
        lines += [f"      {p}: FILL-IN" for p in what.parameters]
    return "\n".join(lines) + "\n"


def _gate(root: Path, file: Path | None, what: Recognised) -> str:
    """The job that every change must pass; it predicts where the template says how DNS answers."""
    path = os.path.relpath(file, root) if file else ""
    paths = ", ".join(filter(None, (path, "deploy", "experiments")))
    predict = [
        "predict:",
        f"  templates: [{path}]",
        "  rto_s: 150",
    ] if what.latency_records else [
        "# The template has no records of several Regions. Export the zone, and say:",
        "# predict:",
        "#   zones: [zone.json]             # aws route53 list-resource-record-sets ...",
        "#   health_checks: checks.json     # aws route53 list-health-checks",
        "#   rto_s: 150",
    ]  # fmt: skip
    lines = [
        "# What every change must pass, in seconds and without a lab: nothing that the review",
        "# finds, the Regions' stacks alike, and a predicted recovery within the objective.",
        "title: Gate",
        "junit: reports/gate.junit.xml",
        "review:",
        f"  paths: [{paths}]",
        "  # what is accepted: gameday review ... --format json --output deploy/known.json",
        "  # baseline: deploy/known.json",
        *predict,
    ]
    return "\n".join(lines) + "\n"


def _target(regions: Sequence[str], name: str, endpoint: str) -> str:
    settings = {
        "AWS_DEFAULT_REGION": regions[0],
        "GAMEDAY_REGIONS": ",".join(regions),
        "GAMEDAY_REGION": regions[0],
        "GAMEDAY_STACK": name,
        "GAMEDAY_ENDPOINT": endpoint,
    }
    text = _in_regions(reference.text("deploy/targets/aws.env.example"), regions)
    for setting, value in settings.items():
        text = re.sub(rf"^{setting}=.*$", f"{setting}={value}", text, flags=re.MULTILINE)
    return text.replace("are gameday-data, gameday-regional, ...", f"are {name}-...")


def _in_regions(text: str, regions: Sequence[str]) -> str:
    """The text with the Regions given in place of the reference application's."""
    own = dict(zip(reference.REGIONS, regions, strict=False))
    return re.sub("|".join(own), lambda found: own[found[0]], text)


def _experiment(load: str) -> str:
    """The shipped experiment, with the load of this application and no alarms of another's."""
    text = reference.text("experiments/region-outage.yaml")
    text = text.replace("loadtests/steady.py", f"loadtests/{load}.py")
    alarms = (
        r'\1# expect_alarms: ["NAME-OF-YOUR-ALARM-${region}"]    # those that should tell somebody'
    )
    return re.sub(r"^( *)expect_alarms: .*$", alarms, text, flags=re.MULTILINE)


def _runbook(endpoint: str) -> str:
    """The shipped runbook, with the name that clients of this application use."""
    text = reference.text("experiments/region-outage.md").replace(_PLACEHOLDER, endpoint)
    return re.sub(r"alarms `.*`", "the alarms that `expect_alarms` of the experiment names", text)
