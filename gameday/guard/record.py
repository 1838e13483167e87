"""`guard.json` of a run: what every guard answered, and for which accounts.

On AWS an action changes nothing unless this file says that the guards let the run pass: an
experiment without our control, or a run whose guards refused, gets no further than its undo.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from gameday.errors import Refused
from gameday.guard.answer import Answer
from gameday.settings import Target

FILE = "guard.json"


def write(
    run_dir: Path, answers: Mapping[str, Answer], accounts: Mapping[str, str], *, passed: bool
) -> None:
    """Write the answers; `passed` once those asked right before the method are among them."""
    body = {
        "passed": passed,
        "accounts": dict(accounts),
        "answers": {n: {"ruling": a.ruling, "text": a.text} for n, a in answers.items()},
    }
    fresh = run_dir / f".{FILE}"
    fresh.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    fresh.replace(run_dir / FILE)


def refuse_unguarded(target: Target) -> None:
    """Return if the target is no AWS target, or the guards of this process's run let it pass.

    :raises Refused: no guard was asked, or one refused.
    """
    if not target.is_aws:
        return
    try:
        body = json.loads(((target.run_dir or Path()) / FILE).read_text(encoding="utf-8"))
        if target.run_dir is not None and body["passed"] is True:
            return
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise Refused(
        "no guard let this run pass; give the experiment the control gameday.controls.record, "
        "or use `gameday run`"
    )
