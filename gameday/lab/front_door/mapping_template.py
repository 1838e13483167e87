"""Mapping templates of REST APIs, in the extent that a laptop rehearsal needs: values, no logic.

Text stays as it is; `$input.json`, `$input.path`, `$input.params`, `$input.body`, `$context.x`,
`$stageVariables.x` and five `$util` functions around one of them become values. Directives (`#set`,
`#if`, `#foreach`) and every other reference are refused by name when an API is deployed.

Source: the page "Mapping template and access logging variable reference for API Gateway".
"""

from __future__ import annotations

import base64
import functools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, unquote_plus

MISSING = object()
"""What a path leads to that the document does not have."""

_STEP = r"(?:\.[A-Za-z_][\w-]*|\[\d+\]|\[(?:'[^']+'|\"[^\"]+\")\])"
_STEPS = re.compile(_STEP)
_DIRECTIVE = re.compile(r"#(?:#|\*|\{?[a-z]+)")
_DIRECTIVES = frozenset({"##", "#*"}) | {
    f"#{name}" for name in ("set", "if", "elseif", "else", "end", "foreach", "include", "parse",
                            "macro", "stop", "break", "evaluate", "define")
}  # fmt: skip
_VALUE = rf"""
    input\.(?P<function>json|path|params)\(\s*(?P<quote>['"])(?P<argument>.*?)(?P=quote)\s*\)
        (?P<after>(?>{_STEP}*))(?!\()
  | input\.(?P<body>body)\b
  | (?P<root>context|stageVariables)(?P<names>(?>{_STEP}+))(?!\()
"""
_PLAIN = re.compile(rf"\$!?(?P<brace>\{{)?(?:{_VALUE})(?(brace)\}})", re.VERBOSE)
_AROUND = re.compile(
    rf"\$!?(?P<brace>\{{)?util\.(?P<util>\w+)\(\s*\$(?:{_VALUE})\s*\)(?(brace)\}})", re.VERBOSE
)
_ANY_REFERENCE = re.compile(r"\$!?\{?[A-Za-z_][\w.]*(?:\([^)]*\))?")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a template can see. `body` is JSON text, that of the request or of the integration."""

    body: str
    parameters: Mapping[str, Mapping[str, str]]  # "path", "querystring", "header"
    context: Mapping[str, Any]
    stage_variables: Mapping[str, str]

    def parameter(self, name: str) -> Any:
        """A parameter by name: of the path, else the query, else a header in any case."""
        for place in ("path", "querystring"):
            if name in self.parameters.get(place, {}):
                return self.parameters[place][name]
        headers = {k.lower(): v for k, v in self.parameters.get("header", {}).items()}
        return headers.get(name.lower(), MISSING)


class Unsupported(ValueError):
    """A template that asks for more than values; the text is what it asks for."""


Part = str | Callable[[Scope], str]


@functools.lru_cache(maxsize=256)
def parse(template: str) -> tuple[Part, ...]:
    """The pieces of `template`: texts, and functions that give a text for a Scope.

    :raises Unsupported: a directive or a reference that is not offered.
    """
    parts: list[Part] = []
    at = 0
    for found in re.finditer(r"[$#]", template):
        if found.start() < at:
            continue
        if found[0] == "#":
            _refuse_directive(template, found.start())
            continue
        reference = _PLAIN.match(template, found.start()) or _AROUND.match(template, found.start())
        if reference is None:
            beyond = _ANY_REFERENCE.match(template, found.start())
            if beyond:
                raise Unsupported(beyond[0])
            continue  # a dollar and nothing that could be a name: text
        parts += [template[at : found.start()], _value_of(reference.groupdict(), reference[0])]
        at = reference.end()
    return tuple(part for part in (*parts, template[at:]) if part != "")


def render(template: str, scope: Scope) -> str:
    """The text of `template` for `scope`."""
    return "".join(part if isinstance(part, str) else part(scope) for part in parse(template))


def beyond(template: str) -> str | None:
    """What the lab leaves out of `template`, such as `#set`; None where it renders all of it."""
    try:
        parse(template)
    except Unsupported as reason:
        return str(reason)
    return None


def walk(document: Any, path: str) -> Any:
    """What the steps of `path` (`.a[0]['b']`, after an optional `$`) lead to, or MISSING.

    :raises Unsupported: a filter, a wildcard or a recursive step.
    """
    at, value = 1 if path.startswith("$") else 0, document
    while at < len(path):
        step = _STEPS.match(path, at)
        if step is None:
            raise Unsupported(f"the path {path}")
        value, at = _step(value, step[0].strip(".[]\"'")), step.end()
    return value


def as_text(value: Any) -> str:
    """A value as a template shows it; objects as JSON, where AWS shows Java's own form."""
    if value is MISSING or value is None:
        return ""
    return value if isinstance(value, str) else as_json(value)


def as_json(value: Any) -> str:
    """JSON as API Gateway writes it; `""` for what is missing, as observed."""
    return json.dumps("" if value is MISSING else value, separators=(",", ":"), ensure_ascii=False)


def _refuse_directive(template: str, at: int) -> None:
    directive = _DIRECTIVE.match(template, at)
    name = directive[0].replace("{", "") if directive else ""
    if name in _DIRECTIVES:
        raise Unsupported(name)


def _value_of(named: Mapping[str, str | None], text: str) -> Callable[[Scope], str]:
    plain = _plain(named)
    util = named.get("util")
    if util is None:
        return plain
    function = _UTIL.get(util)
    if function is None:
        raise Unsupported(text)
    return lambda scope: function(plain(scope))


def _plain(named: Mapping[str, str | None]) -> Callable[[Scope], str]:
    function, argument = named["function"], named["argument"] or ""
    if named["body"]:
        return lambda scope: scope.body
    if named["root"] == "context":
        steps = named["names"] or ""
        return lambda scope: as_text(walk(scope.context, steps))
    if named["root"]:
        steps = named["names"] or ""
        return lambda scope: as_text(walk(scope.stage_variables, steps))
    after = named["after"] or ""
    if function == "params":
        if after:
            raise Unsupported(f"$input.params('{argument}'){after}")
        return lambda scope: as_text(scope.parameter(argument))
    if function == "json" and after:
        raise Unsupported(f"$input.json('{argument}'){after}")
    path = argument + after
    walk({}, path)  # refuses now what it would refuse then
    shown = as_json if function == "json" else as_text
    return lambda scope: shown(walk(_document(scope.body), path))


def _document(body: str) -> Any:
    try:
        return json.loads(body) if body else {}
    except ValueError:
        return body


def _step(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name, MISSING)
    if isinstance(value, list) and name.isdigit() and int(name) < len(value):
        return value[int(name)]
    return MISSING


_ESCAPED = {"\\": "\\\\", '"': '\\"', "'": "\\'", "/": "\\/", "\n": "\\n", "\r": "\\r",
            "\t": "\\t", "\b": "\\b", "\f": "\\f"}  # fmt: skip

_UTIL: Mapping[str, Callable[[str], str]] = {
    "escapeJavaScript": lambda text: "".join(_ESCAPED.get(c, c) for c in text),
    "urlEncode": quote_plus,
    "urlDecode": unquote_plus,
    "base64Encode": lambda text: base64.b64encode(text.encode("utf-8", "replace")).decode(),
    "base64Decode": lambda text: base64.b64decode(text).decode("utf-8", "replace"),
}
