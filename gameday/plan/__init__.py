"""What an experiment would do, on what, with what at stake, before anything is done.

The experiment's own actions are called while `undo.planning` is on, so a plan and a run cannot
differ: every change of a setting passes through `undo.change`, which then only takes notes.
"""

from gameday.plan.changes import Plan, fault_s_max, make
from gameday.plan.policy import policy
from gameday.plan.stake import Stake, stake

__all__ = ["Plan", "Stake", "fault_s_max", "make", "policy", "stake"]
