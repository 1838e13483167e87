"""Event filters: which records of an event source reach the function. Pure.

The rules are those of the page "Filter rule syntax" of Lambda's guide: exact values, null, prefix,
suffix, anything-but, equals-ignore-case, numeric, exists and $or.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip

_RULES: dict[str, Callable[[Any, Any], bool]] = {
    "prefix": lambda rule, value: isinstance(value, str) and value.startswith(rule),
    "suffix": lambda rule, value: isinstance(value, str) and value.endswith(rule),
    "equals-ignore-case": lambda rule, value: (
        isinstance(value, str) and value.lower() == rule.lower()
    ),
    "anything-but": lambda rule, value: not _is_any(rule, value),
    "numeric": lambda rule, value: _in_range(rule, value),
}


def passes(patterns: Sequence[Mapping[str, Any]], record: Mapping[str, Any]) -> bool:
    """Whether `record` meets one of `patterns`; without patterns everything passes."""
    return not patterns or any(meets(pattern, record) for pattern in patterns)


def meets(pattern: Mapping[str, Any], record: Any) -> bool:
    """Whether every key of `pattern` holds in `record`."""
    for key, rule in pattern.items():
        if key == "$or":
            if not any(meets(choice, record) for choice in rule):
                return False
            continue
        present = isinstance(record, Mapping) and key in record
        value = record[key] if present else None
        if isinstance(rule, Mapping):
            if not meets(rule, value):
                return False
        elif not any(_allows(one, value, present) for one in rule):
            return False
    return True


def _allows(rule: Any, value: Any, present: bool) -> bool:
    """Whether one entry of a pattern's list allows a value; of a list, one item of it."""
    if isinstance(rule, Mapping) and "exists" in rule:
        return present is bool(rule["exists"])
    if not present:
        return False
    if isinstance(value, list):
        return any(_allows(rule, item, True) for item in value)
    if isinstance(rule, Mapping):
        return all(name in _RULES and _RULES[name](what, value) for name, what in rule.items())
    return bool(rule == value and isinstance(rule, bool) == isinstance(value, bool))


def _is_any(rule: Any, value: Any) -> bool:
    """Whether `value` is what an anything-but excludes."""
    if isinstance(rule, Mapping):
        return _allows(rule, value, True)
    return value in (rule if isinstance(rule, list) else [rule])


def _in_range(rule: Sequence[Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    pairs = zip(rule[::2], rule[1::2], strict=False)
    return all(_COMPARE[sign](value, float(limit)) for sign, limit in pairs)
