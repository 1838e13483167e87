"""Tells people that a run starts, is stopped and has ended: who, what, until when, how to stop it.

A process of its own follows the run's events and sends, so nothing that an incident channel does
or fails to do can hold up a stop; it outlives the runner and also tells what a watchdog did.
GAMEDAY_ANNOUNCE lists the channels (docs/guards.md).
"""

from gameday.announce.channels import Channel, channels_of
from gameday.announce.follow import begin
from gameday.announce.message import Message, ended, started, stopped

__all__ = ["Channel", "Message", "begin", "channels_of", "ended", "started", "stopped"]
