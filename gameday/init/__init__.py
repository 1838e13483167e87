"""`gameday init`: what a repository needs to rehearse losing a Region, from its own template.

`plan` decides and reads, `write` writes and never overwrites. What the template did not say is
told, not guessed.
"""

from gameday.init.plan import FileToWrite, InitPlan, plan
from gameday.init.write import Written, write

__all__ = ["FileToWrite", "InitPlan", "Written", "plan", "write"]
