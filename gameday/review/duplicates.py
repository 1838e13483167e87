"""Keys that a YAML mapping names twice: PyYAML keeps the last one and says nothing."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

MERGE = "<<"


def duplicates(text: str) -> tuple[tuple[str, int], ...]:
    """`(key, line)` of every repetition, lines from 1; tags of any kind are passed over.

    A text that is no YAML has none: whoever reads it says so.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return ()
    return tuple(_in(root, set())) if root else ()


def _in(node: yaml.Node, seen: set[int]) -> Iterator[tuple[str, int]]:
    if id(node) in seen:  # an alias leads to what has been looked at
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _in(item, seen)
    elif isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in keys and name != MERGE:
                yield name, key.start_mark.line + 1
            keys.add(name)
            yield from _in(value, seen)
