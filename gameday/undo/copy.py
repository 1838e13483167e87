"""A copy of the undo journal in a Region that is not under test, for when this machine is lost.

Each append of the journal is one or more numbered parts, made only if the number is free:
parameters of Systems Manager (`PutParameter` without Overwrite; a standard one holds 4 KB) or
objects in a bucket (`PutObject` with If-None-Match; Amazon S3, "Conditional requests"). So two
machines cannot write the same part, and a runner that finds its next number taken knows that
another acts on its run.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from gameday import settings
from gameday.aws import client, translated
from gameday.errors import AwsError
from gameday.settings import UndoCopy
from gameday.undo import disk
from gameday.undo.setting import Need, Owner

PARAMETER_BYTES_MAX = 4096
TAKEN = ("ParameterAlreadyExists", "PreconditionFailed", "412")


class Taken(Exception):
    """The part is there already: another process writes to the same copy."""


class Copy:
    """The copy of one run's journal, `run` being `<experiment>/<id>`; any thread may use it."""

    def __init__(self, place: UndoCopy, run: str) -> None:
        self._store = _store(place)
        self._run = run
        self._next: int | None = None
        self._lock = threading.Lock()

    def __str__(self) -> str:
        return f"{self._store}/{self._run}"

    def append(self, lines: Iterable[str]) -> None:
        """Add whole lines.

        :raises Taken: another process has added some since the last call.
        :raises AwsError: they could not be stored.
        """
        with self._lock:
            if self._next is None:
                self._next = self._after_the_last()
            for part in self._store.packed(lines):
                try:
                    self._store.put(f"{self._run}/{self._next:06d}", part)
                except Taken:
                    self._next = None
                    raise
                self._next += 1

    def lines(self) -> list[str]:
        """Every line, in the order written.

        :raises AwsError: it cannot be read.
        """
        return [line for name in self._parts() for line in self._store.get(name).splitlines()]

    def forget(self) -> None:
        """Remove the copy. Only for who knows that no runner can act any more."""
        for name in self._parts():
            self._store.delete(name)
        self._next = None

    def _after_the_last(self) -> int:
        """The first number that is free; some below it may have been removed by now."""
        parts = self._parts()
        return int(parts[-1].rpartition("/")[2]) + 1 if parts else 0

    def _parts(self) -> list[str]:
        return sorted(self._store.names(f"{self._run}/"))


def copy_of(run_dir: Path) -> Copy | None:
    """The copy of that run which the target's `GAMEDAY_UNDO_COPY` asks for, if it does."""
    place = settings.current().undo_copy
    if place is None:
        return None
    run = f"{run_dir.parent.name}/{run_dir.name}"
    return Copy(place, re.sub(r"[^A-Za-z0-9_./-]", "-", run))


def fetch(place: UndoCopy, run: str, folder: Path) -> Path:
    """Write a run's journal below `folder`, as if the run had taken place there; its directory.

    :raises AwsError: there is no copy of this run, or it cannot be read.
    """
    copy = Copy(place, run)
    lines = copy.lines()
    if not lines:
        raise AwsError(f"{copy}: there is no copy of this run")
    run_dir = folder / run
    run_dir.mkdir(parents=True, exist_ok=True)
    disk.replace(run_dir / "undo.jsonl", "".join(f"{line}\n" for line in lines), 0o600)
    return run_dir


def copies(place: UndoCopy) -> list[str]:
    """The runs that have a copy, the oldest first.

    :raises AwsError: they cannot be listed.
    """
    found = {name.rpartition("/")[0] for name in _store(place).names("")}
    return sorted(found, key=lambda run: run.rpartition("/")[2])


class _Parameters:
    """Parameters of Systems Manager, `/PATH/<experiment>/<id>/000000` and on."""

    def __init__(self, place: UndoCopy) -> None:
        self._root, self._region = f"/{place.path}", place.region
        self._api = client("ssm", place.region, quick=True)

    def __str__(self) -> str:
        return f"ssm://{self._region}{self._root}"

    def packed(self, lines: Iterable[str]) -> Iterator[str]:
        """The lines in as few parts as hold them."""
        part = ""
        for line in lines:
            if len(line.encode()) + 1 > PARAMETER_BYTES_MAX:
                raise AwsError(f"{self}: a line is too long for a parameter; use s3:// instead")
            if part and len((part + line).encode()) + 1 > PARAMETER_BYTES_MAX:
                yield part
                part = ""
            part += line + "\n"
        if part:
            yield part

    def put(self, name: str, text: str) -> None:
        with translated(f"PutParameter {self}/{name}"):
            try:
                self._api.put_parameter(Name=f"{self._root}/{name}", Value=text, Type="String")
            except ClientError as e:
                raise _taken(e) from e

    def get(self, name: str) -> str:
        with translated(f"GetParameter {self}/{name}"):
            found = self._api.get_parameter(Name=f"{self._root}/{name}")
        return str(found["Parameter"]["Value"])

    def names(self, prefix: str) -> list[str]:
        path = f"{self._root}/{prefix}".rstrip("/")
        with translated(f"GetParametersByPath {self}"):
            pages = self._api.get_paginator("get_parameters_by_path").paginate(
                Path=path, Recursive=True
            )
            found = [p["Name"] for page in pages for p in page["Parameters"]]
        return [name.removeprefix(f"{self._root}/") for name in found]

    def delete(self, name: str) -> None:
        with translated(f"DeleteParameter {self}/{name}"):
            self._api.delete_parameter(Name=f"{self._root}/{name}")


class _Objects:
    """Objects in a bucket, `PREFIX/<experiment>/<id>/000000` and on."""

    def __init__(self, place: UndoCopy) -> None:
        self._bucket, _, self._prefix = place.path.partition("/")
        self._region = place.region
        self._api = client("s3", place.region, quick=True)

    def __str__(self) -> str:
        return f"s3://{self._region}/{self._bucket}/{self._prefix}"

    def packed(self, lines: Iterable[str]) -> Iterator[str]:
        yield "".join(f"{line}\n" for line in lines)

    def put(self, name: str, text: str) -> None:
        with translated(f"PutObject {self}/{name}"):
            try:
                self._api.put_object(
                    Bucket=self._bucket, Key=self._key(name), Body=text.encode(), IfNoneMatch="*"
                )
            except ClientError as e:
                raise _taken(e) from e

    def get(self, name: str) -> str:
        with translated(f"GetObject {self}/{name}"):
            body = self._api.get_object(Bucket=self._bucket, Key=self._key(name))["Body"]
            return str(body.read().decode())

    def names(self, prefix: str) -> list[str]:
        with translated(f"ListObjectsV2 {self}"):
            pages = self._api.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._key(prefix)
            )
            found = [o["Key"] for page in pages for o in page.get("Contents", [])]
        return [key.removeprefix(self._key("")) for key in found]

    def delete(self, name: str) -> None:
        with translated(f"DeleteObject {self}/{name}"):
            self._api.delete_object(Bucket=self._bucket, Key=self._key(name))

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}"


def _store(place: UndoCopy) -> Any:
    return _Parameters(place) if place.service == "ssm" else _Objects(place)


def _taken(error: ClientError) -> Exception:
    return Taken() if error.response.get("Error", {}).get("Code") in TAKEN else error


def copy_needs(place: UndoCopy, owner: Owner) -> tuple[Need, ...]:
    """What IAM must allow to write, read and remove a copy."""
    verbs = ("Put", "Get", "Delete")
    if place.service == "ssm":
        path = owner.arn("ssm", place.region, f"parameter/{place.path}")
        return (
            *owner.needs(path, "ssm:GetParametersByPath"),
            *owner.needs(f"{path}/*", "ssm:GetParametersByPath"),
            *owner.needs(f"{path}/*", *(f"ssm:{verb}Parameter" for verb in verbs)),
        )
    bucket, _, prefix = place.path.partition("/")
    arn = f"arn:{owner.partition}:s3:::{bucket}"
    return (
        *owner.needs(arn, "s3:ListBucket"),
        *owner.needs(f"{arn}/{prefix}/*", *(f"s3:{verb}Object" for verb in verbs)),
    )
