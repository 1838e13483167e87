"""The report page: one file that opens offline."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any


def page(findings: Mapping[str, Any]) -> str:
    """The page."""
    sentence = html.escape(f"{findings['verdict']}: {findings['sentence']}")
    data = html.escape(json.dumps(findings["timeline"], indent=1))
    head = f"<!doctype html><meta charset=utf-8><title>{sentence}</title>"
    return f"{head}<h1>{sentence}</h1><pre>{data}</pre>"
