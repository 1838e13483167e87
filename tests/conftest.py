"""What every test run refuses before it begins."""

from __future__ import annotations

import sys

import pytest


def pytest_collection_finish(session: pytest.Session) -> None:
    """Locust patches sockets and threads of the whole process: it belongs into child processes."""
    patched = getattr(sys.modules.get("gevent.monkey"), "saved", None)
    if patched:
        raise pytest.UsageError("a test module imports locust: import it in a child process")
