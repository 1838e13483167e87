"""What is changed is first written down: settings, the undo journal and its replay.

An action names a *setting* (a function's reserved concurrency, a health check's Inverted, ...) and
a value; `change` reads what is there, flushes that to `undo.jsonl` and `undo.sh`, and only then
acts. `replay` puts back whatever the journal still holds, however often it is called.
"""

from gameday.undo.change import Planned, change, current_journal, is_planning, planning
from gameday.undo.copy import copies, copy_needs, fetch
from gameday.undo.journal import Record, UndoJournal
from gameday.undo.replay import Result, put_back, replay
from gameday.undo.replication import Replication
from gameday.undo.setting import Concurrency, Cut, Inverted, Need, Owner, Setting, Variable

__all__ = [
    "Concurrency",
    "Cut",
    "Inverted",
    "Need",
    "Owner",
    "Planned",
    "Record",
    "Replication",
    "Result",
    "Setting",
    "UndoJournal",
    "Variable",
    "change",
    "copies",
    "copy_needs",
    "current_journal",
    "fetch",
    "is_planning",
    "planning",
    "put_back",
    "replay",
]
