"""What of a module one of its functions reaches: handlers that share a file are judged apart.

By the names that the code mentions: definitions that are not reached are left out, what the module
does when it is imported stays. Names that are looked up at run time are not followed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def reached(source: str, function: str) -> str:
    """The statements of module `source` that its `function` reaches, as they stand, in their order.

    The whole module where `function` is not defined in it, or where it cannot be parsed.
    """
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return source
    if not any(function in _defined(statement) for statement in body):
        return source
    wanted, kept = {function}, set[int]()
    while found := {n for n, s in enumerate(body) if n not in kept and _is_wanted(s, wanted)}:
        kept |= found
        wanted |= {name for n in found for name in _mentioned(body[n])}
    return "\n".join(_text(source, body[n]) for n in sorted(kept))


def _defined(statement: ast.stmt) -> set[str]:
    """The names that a definition binds; none for what is done at import."""
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return {(a.asname or a.name).partition(".")[0] for a in statement.names}
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    return set()


def _is_wanted(statement: ast.stmt, wanted: set[str]) -> bool:
    defined = _defined(statement)
    if not defined or defined & wanted:
        return True
    # A framework that is reached calls what is registered with it.
    decorators = statement.decorator_list if isinstance(statement, FUNCTIONS) else []
    return any(name in wanted for d in decorators for name in _mentioned(d))


def _mentioned(node: ast.AST) -> Iterator[str]:
    return (n.id for n in ast.walk(node) if isinstance(n, ast.Name))


def _text(source: str, statement: ast.stmt) -> str:
    """A statement with its decorators."""
    first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])
    return "\n".join(source.splitlines()[first - 1 : statement.end_lineno])
