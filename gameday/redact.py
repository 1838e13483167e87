"""What must never be written down, and how it is hidden: credentials, tokens, webhook addresses.

A value is secret by the name that it has (in the environment, in an experiment's `secrets`), or by
its own form. Journals, events and logs go through `text`; nothing else need think of it.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

MASK = "[hidden]"
SHORTEST = 8
"""A shorter value is no secret (a lab's dummy keys are shorter), and hiding it would hide words."""

_NAMED = re.compile(
    r"SECRET|TOKEN|PASSW|PASSPHRASE|WEBHOOK|CREDENTIAL|AUTHORI[SZ]ATION|API_?KEY|PRIVATE_?KEY", re.I
)
_PLACE = re.compile(r"_(FILE|DIR|PATH|NAME|ARN|REGION|MODE)$", re.I)  # names a place, not a secret
_ANNOUNCE = "GAMEDAY_ANNOUNCE"

_FORMS = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"  # access key ids (IAM, "IAM identifiers")
    r"|AWS4-HMAC-SHA256 [^\r\n\"']+"  # Signature Version 4, as a header
    r"|(?<=X-Amz-Signature=)[0-9a-f]+|(?<=X-Amz-Security-Token=)[^&\s\"']+"  # and in a query
    r"|(?<=x-amz-security-token:)[^\s\"'\\]+"  # as SignatureDoesNotMatch tells it
    r"|(?<=[Bb]earer )[\w.~+/=-]{8,}|(?<=[Bb]asic )[\w+/=-]{8,}"  # RFC 6750, RFC 7617
    r"|https://hooks\.slack\.com/[^\s\"'\\]+"
    r"|(?<=://)[^\s/:@\"']+:[^\s/@\"']+(?=@)"  # user:password@ of a URL
)

_HINTS = ("AKIA", "ASIA", "AWS4-", "X-Amz-S", "x-amz-s", "earer ", "asic ", "hooks.slack", "@")
"""One of these is in whatever has such a form; looking for them first costs a thousandth."""

_declared: set[str] = set()


def declare(secrets: Any) -> None:
    """Hide every text of `secrets` from now on in this process: an experiment's, as resolved."""
    _declared.update(s for s in _strings(secrets) if len(s) >= SHORTEST)


def declare_inline(secrets: Any) -> None:
    """Hide what an experiment file itself holds under `secrets`, rather than where to find it."""
    if isinstance(secrets, Mapping):
        for value in secrets.values():
            if not (isinstance(value, Mapping) and "type" in value):
                declare_inline(value)
    else:
        declare(secrets)


def hider() -> Callable[[str], str]:
    """What hides the secrets that this process has now, for whoever writes much."""
    values = _pattern(frozenset(_declared | set(_secret_values(os.environ))))

    def hide(written: str) -> str:
        hidden = values.sub(MASK, written) if values else written
        return _FORMS.sub(MASK, hidden) if any(hint in hidden for hint in _HINTS) else hidden

    return hide


def text(written: str) -> str:
    """`written` without what is secret in this process's environment, or looks so."""
    return hider()(written)


def dumps(node: Any, **options: Any) -> str:
    """`node` as JSON without what is secret in its texts; numbers and names stay as they are."""
    said = json.dumps(node, default=str, **options)
    return said if text(said) == said else json.dumps(tree(json.loads(said)), **options)


def tree(node: Any) -> Any:
    """The same JSON value without what is secret; dicts and lists are changed in place."""
    if isinstance(node, str):
        return text(node)
    if isinstance(node, dict):
        for key, value in node.items():
            node[key] = tree(value)
    elif isinstance(node, list):
        node[:] = [tree(value) for value in node]
    elif isinstance(node, tuple):
        return tuple(tree(value) for value in node)
    return node


def logs(run_dir: Path) -> None:
    """Hide secrets in what other programs have written into a run: its logs and experiment."""
    for path in run_dir.glob("*.log"):
        before = path.read_text(encoding="utf-8", errors="surrogateescape")
        after = text(before)
        if after != before:
            path.write_text(after, encoding="utf-8", errors="surrogateescape")
    for path in run_dir.glob("experiment.json"):
        path.write_text(dumps(json.loads(path.read_text("utf-8")), indent=1), encoding="utf-8")


class LogFilter(logging.Filter):
    """For a handler: its records say no secret, neither do their tracebacks."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            record.msg, record.args = text(record.getMessage()), ()
        except (TypeError, ValueError):  # words and arguments do not fit: the handler says so
            record.args = tuple(map(text, map(str, record.args or ())))
        if record.exc_info:
            record.exc_text = text(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True


def _secret_values(environ: Mapping[str, str]) -> Iterator[str]:
    announced = _announced(environ)
    for name, value in environ.items():
        named = name in announced or (_NAMED.search(name) and not _PLACE.search(name))
        if named and len(value) >= SHORTEST:
            yield value
    yield from (address for address in announced if "://" in address)


def _announced(environ: Mapping[str, str]) -> set[str]:
    """The addresses of webhooks in GAMEDAY_ANNOUNCE, or the names of variables that hold them."""
    entries = (entry.partition(":") for entry in environ.get(_ANNOUNCE, "").split(","))
    return {address for kind, _, address in entries if kind in ("webhook", "slack") and address}


@lru_cache(maxsize=8)
def _pattern(values: frozenset[str]) -> re.Pattern[str] | None:
    """Any of the values as it is, as JSON has it, and as a URL has it; the longest first."""
    forms = {f for v in values for f in (v, json.dumps(v)[1:-1], quote(v, safe=""), repr(v)[1:-1])}
    if not forms:
        return None
    return re.compile("|".join(re.escape(f) for f in sorted(forms, key=len, reverse=True)))


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for value in node.values():
            yield from _strings(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _strings(value)
