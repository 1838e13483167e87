"""What every test run sets right, or refuses, before it begins."""

from __future__ import annotations

import signal
import sys

import pytest

# A shell starts background jobs with SIGINT ignored, nohup ignores SIGHUP, and that is inherited:
# the programs under test must be able to be interrupted wherever these tests run.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Locust patches sockets and threads of the whole process: it belongs into child processes."""
    patched = getattr(sys.modules.get("gevent.monkey"), "saved", None)
    if patched:
        raise pytest.UsageError("a test module imports locust: import it in a child process")
