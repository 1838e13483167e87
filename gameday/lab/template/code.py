"""A function's code as a zip, in a cache addressed by what is in it.

Dependencies from a `requirements.txt` beside the code are installed once into the cache, never
into our own environment. boto3 comes from the runtime, as it does in Lambda.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from gameday.errors import TemplateError

FROM_THE_RUNTIME = frozenset({"boto3", "botocore", "s3transfer", "jmespath", "urllib3", "awscrt"})
_EPOCH = (1980, 1, 1, 0, 0, 0)


def package(source: Path, cache_dir: Path, inside: str = "") -> bytes:
    """The zip that Lambda gets for `source`, a folder or a ready zip.

    `inside` is the folder of the zip that everything goes into.

    :raises TemplateError: there is nothing at `source`, or its requirements cannot be installed.
    """
    if source.is_file():
        return source.read_bytes()
    if not source.is_dir():
        raise TemplateError(f"there is no code at {source}")
    files = dict(_files(source))
    dependencies = _dependencies(source / "requirements.txt", cache_dir)
    key = _digest(files, dependencies, inside)
    cached = cache_dir / "zip" / f"{key}.zip"
    if cached.exists():
        return cached.read_bytes()
    whole = files | (dict(_files(dependencies)) if dependencies else {})
    archive = _zip({f"{inside}/{n}" if inside else n: content for n, content in whole.items()})
    cached.parent.mkdir(parents=True, exist_ok=True)
    partial = cached.with_suffix(f".{os.getpid()}")
    partial.write_bytes(archive)
    partial.replace(cached)
    return archive


def inline(source: str) -> bytes:
    """The zip for code written into the template: `index.py`, as CloudFormation does."""
    return _zip({"index.py": source.encode()})


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if f[0] != "." and f != "__pycache__")
        for name in sorted(names):
            if not name.endswith(".pyc"):
                file = Path(path, name)
                yield file.relative_to(folder).as_posix(), file.read_bytes()


def _digest(files: dict[str, bytes], dependencies: Path | None, inside: str) -> str:
    digest = hashlib.sha256(f"{dependencies and dependencies.name}\0{inside}".encode())
    for name, content in sorted(files.items()):
        digest.update(f"\0{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _zip(files: dict[str, bytes]) -> bytes:
    """The same bytes for the same files: no times of the day inside."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _dependencies(requirements: Path, cache_dir: Path) -> Path | None:
    """The folder that holds what `requirements` asks for, or None if that is nothing."""
    wanted = "\n".join(_wanted(requirements))
    if not wanted:
        return None
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    key = hashlib.sha256(f"{version}\n{wanted}".encode()).hexdigest()
    target = cache_dir / "requirements" / key
    if not target.exists():
        _install(wanted, requirements, target)
    return target


def _wanted(requirements: Path) -> Iterator[str]:
    """The lines that ask for something the runtime does not have."""
    if not requirements.is_file():
        return
    for raw in requirements.read_text(encoding="utf-8").splitlines():
        line = raw.split(" #")[0].strip()
        name = re.match(r"[A-Za-z0-9._-]*", line)
        known = name is not None and name.group().lower().replace("_", "-") in FROM_THE_RUNTIME
        if line and not line.startswith("#") and not known:
            yield line


def _install(wanted: str, requirements: Path, target: Path) -> None:
    partial = target.with_suffix(f".{os.getpid()}")
    partial.mkdir(parents=True)
    listing = partial.with_suffix(".txt")
    listing.write_text(wanted, encoding="utf-8")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
               "--target", str(partial), "--requirement", str(listing)]  # fmt: skip
    done = subprocess.run(command, cwd=requirements.parent, capture_output=True, text=True)
    listing.unlink()
    if done.returncode != 0:
        shutil.rmtree(partial)
        said = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise TemplateError(f"{requirements}: cannot be installed: {said}")
    if target.exists():  # somebody else was faster
        shutil.rmtree(partial)
    else:
        partial.rename(target)
