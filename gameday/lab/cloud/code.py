"""A function's zip, checked before it is accepted and unpacked once under the hash of its bytes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import os
import re
import shutil
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

UNZIPPED_BYTES_MAX = 250 * 1024 * 1024
"""AWS Lambda quotas: a deployment package may unzip to 250 MB."""


_CODE_CALLS = re.compile(r"^/2015-03-31/functions(/[^/]+/code)?$")


class BadArchive(ValueError):
    """A zip that does not open, is too large, or holds a path that leaves its folder."""


def unpack(archive: bytes, code_dir: Path, sha256: str | None = None) -> Path:
    """The folder `code_dir/<sha256 of archive>` holding the files of `archive`.

    Who knows the hash (hexadecimal) gives it. The folder appears whole or not at all: it is filled
    under another name and renamed.

    :raises BadArchive: not a zip, an absolute path, `..`, a link, or more than 250 MB.
    """
    folder = code_dir / (sha256 or hashlib.sha256(archive).hexdigest())
    if folder.is_dir():
        return folder
    code_dir.mkdir(parents=True, exist_ok=True)
    filling = Path(tempfile.mkdtemp(dir=code_dir, prefix=".unpacking-"))
    try:
        _extract(archive, filling)
        os.replace(filling, folder)
    except BaseException:
        shutil.rmtree(filling, ignore_errors=True)
        raise
    folder.chmod(0o755)
    return folder


def check(archive: bytes) -> None:
    """Refuse what `unpack` would refuse, without unpacking.

    :raises BadArchive: see `unpack`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
            _members(zipped)
    except zipfile.BadZipFile as error:
        raise BadArchive(f"could not unzip the uploaded file: {error}") from error


def refusal(method: str, path: str, body: bytes) -> str | None:
    """Why Lambda would not take the code in a CreateFunction or UpdateFunctionCode request.

    None for any other request, and for code in S3, which only moto can see.
    """
    if method not in ("POST", "PUT") or not _CODE_CALLS.match(path.rstrip("/")):
        return None
    try:
        given = json.loads(body)
        encoded = given.get("ZipFile") or (given.get("Code") or {}).get("ZipFile")
        if encoded:
            check(base64.b64decode(encoded))
    except (ValueError, AttributeError, binascii.Error) as error:
        return str(error)
    return None


def _members(zipped: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    members = zipped.infolist()
    if sum(m.file_size for m in members) > UNZIPPED_BYTES_MAX:
        raise BadArchive(f"unzipped size must be smaller than {UNZIPPED_BYTES_MAX} bytes")
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        is_link = (member.external_attr >> 16) & 0o170000 == 0o120000
        if path.is_absolute() or ".." in path.parts or is_link or ":" in path.parts[:1]:
            raise BadArchive(f"the archive holds {member.filename!r}, which leaves its folder")
    return members


def _extract(archive: bytes, folder: Path) -> None:
    check(archive)
    with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
        for member in _members(zipped):
            target = zipped.extract(member, folder)
            mode = (member.external_attr >> 16) & 0o777
            if mode and not member.is_dir():
                os.chmod(target, mode | 0o400)
