"""`--watch`: functions whose code has changed on disk get the new code, through the AWS API."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gameday.errors import GamedayError
from gameday.lab.template import DeployedStack, code
from gameday.lab.template.endpoint import Clients, Naming

POLL_WALL_S = 0.5

Record = Callable[[dict[str, Any]], None]


async def watch(
    endpoint: str, stacks: Iterable[DeployedStack], cache_dir: Path, record: Record
) -> None:
    """Look at the code of every function of `stacks` twice a second, until cancelled."""
    folders = {(s.region, function): path for s in stacks for function, path in s.code.items()}
    reload = HotReload(endpoint, folders, cache_dir)
    while True:
        await asyncio.sleep(POLL_WALL_S)
        for event in await asyncio.to_thread(reload.poll):
            record(event)


@dataclass
class HotReload:
    """`folders` is where the code of each function lies, by (Region, function)."""

    endpoint: str
    folders: Mapping[tuple[str, str], Path]
    cache_dir: Path
    _seen: dict[Path, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._clients = Clients(self.endpoint)
        self._seen = {folder: fingerprint(folder) for folder in set(self.folders.values())}

    def poll(self) -> list[dict[str, Any]]:
        """Give changed code to its functions; events for the lab's journal."""
        changed = {f for f, before in self._seen.items() if fingerprint(f) != before}
        self._seen |= {folder: fingerprint(folder) for folder in changed}
        return [self._update(*place, folder) for place, folder in self.folders.items()
                if folder in changed]  # fmt: skip

    def _update(self, region: str, function: str, folder: Path) -> dict[str, Any]:
        about = {"region": region, "function": function}
        try:
            with Naming(f"{function} in {region}", self.endpoint):
                archive = code.package(folder, self.cache_dir)
                _replace(self._clients.client("lambda", region), function, archive)
        except GamedayError as error:  # code that is half-written: the next change tries again
            return {"kind": "lab.code_refused", **about, "error": str(error)}
        return {"kind": "lab.code_changed", **about}


def _replace(api: Any, function: str, archive: bytes) -> None:
    """Give a function new code; its aliases follow to the new version, as `sam sync` lets them."""
    aliases = api.list_aliases(FunctionName=function)["Aliases"]
    versioned = [a["Name"] for a in aliases if a["FunctionVersion"] != "$LATEST"]
    api.update_function_code(FunctionName=function, ZipFile=archive)
    if versioned:
        version = api.publish_version(FunctionName=function)["Version"]
        for name in versioned:
            api.update_alias(FunctionName=function, Name=name, FunctionVersion=version)


def fingerprint(source: Path) -> int:
    """Changes when a file of `source`, a folder or a file, is written, added or removed."""
    return hash(tuple(_stats(source)))


def _stats(source: Path) -> Iterable[tuple[str, int, int]]:
    files = [source] if source.is_file() else [
        Path(path, name) for path, folders, names in os.walk(source)
        for name in sorted(names) if "__pycache__" not in path
    ]  # fmt: skip
    for file in files:
        try:
            about = file.stat()
        except OSError:  # it vanished meanwhile
            continue
        yield str(file), about.st_mtime_ns, about.st_size
