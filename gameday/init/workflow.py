"""The workflow for GitHub Actions that `gameday init` writes: a gate and a nightly rehearsal."""

from __future__ import annotations

_SET_UP = """\
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: "3.12"}
      - run: python -m pip install "$GAMEDAY_DISTRIBUTION"
"""


def workflow(what: str) -> str:
    """The text of the workflow.

    :param what: the experiment or job that is run every night.
    """
    return f"""\
# On every change the gate (review and prediction), every night losing a Region in the lab: no
# account, no credentials.
name: gameday
on:
  pull_request: {{}}
  schedule: [{{cron: "17 3 * * *"}}]
  workflow_dispatch: {{}}
permissions: {{contents: read}}

env:
  GAMEDAY_DISTRIBUTION: chaostoolkit-gameday    # or the URL of a wheel

jobs:
  gate:
    runs-on: ubuntu-latest
    timeout-minutes: 10
    steps:
{_SET_UP}\
      - run: gameday run deploy/jobs/gate.yaml

  rehearse:
    if: github.event_name != 'pull_request'
    runs-on: ubuntu-latest
    timeout-minutes: 30
    steps:
{_SET_UP}\
      - run: gameday run {what}
      - uses: actions/upload-artifact@v4
        if: always()
        with: {{name: gameday, path: reports/runs}}
"""
