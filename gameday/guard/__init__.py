"""What keeps a fault away from where it must not happen: refusals that say `not running: ...`.

One file a refusal: a pure judgement of facts. `ask` gathers the facts, `chain` holds the order,
`record` is the proof that an action wants to see on AWS. docs/guards.md says how each is set up.
"""

from gameday.guard.answer import Answer, Ruling
from gameday.guard.chain import AT_THE_FAULT, BEFORE_A_BASELINE, CHAIN, Facts, answers, refuse
from gameday.guard.emptied import refuse_occupied
from gameday.guard.kill_switch import refuse_killed
from gameday.guard.lab_only import refuse_without_lab
from gameday.guard.record import refuse_unguarded, write
from gameday.guard.scope import Scope, over_by

__all__ = [
    "AT_THE_FAULT",
    "BEFORE_A_BASELINE",
    "CHAIN",
    "Answer",
    "Facts",
    "Ruling",
    "Scope",
    "answers",
    "over_by",
    "refuse",
    "refuse_killed",
    "refuse_occupied",
    "refuse_unguarded",
    "refuse_without_lab",
    "write",
]
