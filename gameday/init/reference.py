"""The reference application as files: package data of a wheel, or a checkout's own folders."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from gameday.errors import UsageError

REGIONS = ("us-east-1", "eu-west-1")
FOLDERS = ("app", "deploy", "experiments", "loadtests")


def root() -> Traversable:
    """The folder that holds the reference application's folders.

    :raises UsageError: this installation has none.
    """
    package = resources.files("gameday")
    packed = package / "reference"
    if packed.is_dir():
        return packed
    checkout = Path(str(package)).parent
    if all((checkout / folder).is_dir() for folder in FOLDERS):
        return checkout
    raise UsageError("this installation of gameday came without the reference application")


def text(path: str) -> str:
    """One file of the reference application.

    :raises UsageError: it is not there.
    """
    file = root().joinpath(*path.split("/"))
    if not file.is_file():
        raise UsageError(f"this installation of gameday came without {path}")
    return file.read_text(encoding="utf-8")


def files() -> Iterator[tuple[str, str]]:
    """`(path, text)` of every file of the reference application."""
    for folder in FOLDERS:
        yield from _below(root() / folder, folder)


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        here = f"{path}/{entry.name}"
        if entry.name.startswith(".") or entry.name == "__pycache__":
            continue  # caches of tools
        if entry.is_dir():
            yield from _below(entry, here)
        elif entry.is_file() and not entry.name.endswith((".pyc", ".env")):
            yield here, entry.read_text(encoding="utf-8")
