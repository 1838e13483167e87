"""What is to be expected of a run that is still going on: `python -m gameday.measure.expected DIR`.

A process of its own, because the prediction takes a second of arithmetic that whoever shows the run
has not got: Locust sends requests meanwhile. The report predicts with the same function.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gameday.errors import GamedayError
from gameday.measure.clients import recoveries
from gameday.measure.fault import prediction, unpredicted
from gameday.measure.run import load

Json = dict[str, Any]


def expected(run_dir: Path) -> Json | None:
    """The predicted recovery of the clients that the Region under test served before the fault.

    `recovery` and `detection` are bands of AWS seconds from the fault, `recovery` None where a kind
    of client that is `unpredicted` (with the reason) decides it. None before a fault, before the
    clients are known, and where no export says how DNS is set up.

    :raises RunError: the directory is not one of a run.
    """
    run = load(run_dir)
    counted = recoveries(run)
    found = prediction(run, counted)
    if found is None:
        return None
    return {
        "recovery": asdict(found.recovery) if found.recovery else None,
        "detection": asdict(found.detection),
        "unpredicted": unpredicted(run, counted),
    }


if __name__ == "__main__":
    try:
        print(json.dumps(expected(Path(sys.argv[1]))))
    except GamedayError as error:
        sys.exit(f"gameday: {error}")
