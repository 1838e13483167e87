"""What the environment says: the target (the lab or AWS) and the run. Read here and nowhere else.

A target's env file holds `NAME=value` lines. It is parsed here before anybody else sees it,
because `chaos run --var-file` would store `export GAMEDAY_REGION` as a name without complaint.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gameday import limits
from gameday.errors import TargetError
from gameday.limits import Limits

KNOWN = limits.OF_A_TARGET | frozenset(
    {
        "GAMEDAY_TARGET", "GAMEDAY_LAB", "GAMEDAY_LAB_DIR", "GAMEDAY_ADMIN", "GAMEDAY_TOKEN_FILE",
        "GAMEDAY_DNS", "GAMEDAY_NETWORKS_FILE", "GAMEDAY_REGIONS", "GAMEDAY_REGION",
        "GAMEDAY_STACK", "GAMEDAY_ENDPOINT", "GAMEDAY_RTO_S", "GAMEDAY_RPO_S", "GAMEDAY_SPEED",
        "GAMEDAY_SEED", "GAMEDAY_CA_FILE", "GAMEDAY_HTTP_PORT", "GAMEDAY_HTTPS_PORT",
        "GAMEDAY_ADDRESS_MAP", "GAMEDAY_REGION_ADDRESSES", "GAMEDAY_REGION_HEADER",
        "GAMEDAY_RUN_DIR", "GAMEDAY_CLIENTS",
        "GAMEDAY_RATE_PER_S", "GAMEDAY_CLIENTS_PER_POPULATION", "GAMEDAY_WEB_PORT",
        "GAMEDAY_CACHES_PER_POPULATION", "GAMEDAY_LOAD", "GAMEDAY_LOCUSTFILE", "GAMEDAY_UNDO_COPY",
    }
)  # fmt: skip
"""Every GAMEDAY_ name there is; another one in a target file is a typing error."""


LAB, UNNAMED = "lab", "unnamed"


@dataclass(frozen=True, slots=True)
class UndoCopy:
    """Where undo journals are copied to: `ssm://REGION/PATH` or `s3://REGION/BUCKET/PREFIX`."""

    service: str
    region: str
    path: str  # without slashes around it


@dataclass(frozen=True, slots=True)
class Target:
    """Where the API calls, the DNS queries and the requests of this process go."""

    name: str  # "lab", or what GAMEDAY_TARGET says ("aws", "staging", ...)
    aws_endpoint: str | None  # AWS_ENDPOINT_URL; None means Amazon
    regions: tuple[str, ...]
    region: str | None  # the Region under test
    stack: str | None  # application name; its stacks are `<stack>-...`
    endpoint: str | None  # the shared name clients resolve, e.g. api.example.test
    dns: tuple[str, int] | None  # authoritative server to ask; None: ordinary resolution
    speed: float
    seed: int
    rto_s: float | None
    rpo_s: float | None
    ca_file: Path | None
    http_port: int
    https_port: int
    admin: str | None  # the lab's management API, e.g. http://127.0.0.1:41234
    token_file: Path | None
    lab_dir: Path | None
    networks_file: Path | None  # where clients are: YAML, see docs/lab.md
    address_map: Mapping[tuple[str, int], tuple[str, int]]  # empty on Linux
    region_addresses: Mapping[str, str]  # address -> Region, where no name of its own tells
    region_header: str  # response header that names the Region that served
    run_dir: Path | None
    undo_copy: UndoCopy | None
    limits: Limits  # what its owners allow

    @property
    def is_lab(self) -> bool:
        """Whether the lab's management door exists."""
        return self.admin is not None

    @property
    def is_aws(self) -> bool:
        """Whether real accounts are meant, so that every guard must pass.

        It is GAMEDAY_TARGET that says so, never the lack of an endpoint: an environment that
        nobody set up means nothing.
        """
        return self.name not in (LAB, UNNAMED)

    def connect_address(self, address: str, port: int) -> tuple[str, int]:
        """Where to connect for an answered address: itself, or what the map says (macOS)."""
        return self.address_map.get((address, port), (address, port))


def current(environ: Mapping[str, str] = os.environ) -> Target:
    """The target that this process's environment describes.

    :raises TargetError: a value is not of its kind.
    """
    get = environ.get
    return Target(
        name=get("GAMEDAY_TARGET") or (LAB if get("GAMEDAY_ADMIN") else UNNAMED),
        aws_endpoint=get("AWS_ENDPOINT_URL") or None,
        regions=tuple(r for r in get("GAMEDAY_REGIONS", "").split(",") if r),
        region=get("GAMEDAY_REGION") or None,
        stack=get("GAMEDAY_STACK") or None,
        endpoint=get("GAMEDAY_ENDPOINT") or None,
        dns=_address(get("GAMEDAY_DNS"), "GAMEDAY_DNS"),
        speed=_number(environ, "GAMEDAY_SPEED", 1.0),
        seed=int(_number(environ, "GAMEDAY_SEED", 0)),
        rto_s=_optional_number(environ, "GAMEDAY_RTO_S"),
        rpo_s=_optional_number(environ, "GAMEDAY_RPO_S"),
        ca_file=_path(get("GAMEDAY_CA_FILE")),
        http_port=int(_number(environ, "GAMEDAY_HTTP_PORT", 80)),
        https_port=int(_number(environ, "GAMEDAY_HTTPS_PORT", 443)),
        admin=get("GAMEDAY_ADMIN") or None,
        token_file=_path(get("GAMEDAY_TOKEN_FILE")),
        lab_dir=_path(get("GAMEDAY_LAB_DIR")),
        networks_file=_path(get("GAMEDAY_NETWORKS_FILE")),
        address_map=_address_map(get("GAMEDAY_ADDRESS_MAP", "")),
        region_addresses=_region_addresses(get("GAMEDAY_REGION_ADDRESSES", "")),
        region_header=get("GAMEDAY_REGION_HEADER", "x-region").lower(),
        run_dir=_path(get("GAMEDAY_RUN_DIR")),
        undo_copy=_undo_copy(get("GAMEDAY_UNDO_COPY")),
        limits=limits.limits(environ),
    )


_LINE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=[^\s'\"]*")


def parse_target_file(path: Path) -> dict[str, str]:
    """The settings of a target's env file.

    :raises TargetError: unreadable; `export `, quotes or blanks in a line; a name given twice;
        a GAMEDAY_ name nobody knows. The message names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as e:
        raise TargetError(f"{path}: cannot read the target file: {e.strerror}") from e
    found: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        place = f"{path}:{number}"
        if line.startswith("export "):
            raise TargetError(f"{place}: remove `export `; lines are NAME=value")
        if not _LINE.fullmatch(line):
            raise TargetError(f"{place}: lines are NAME=value without quotes or blanks: {line!r}")
        name, _, value = line.partition("=")
        if name in limits.OF_A_RUN:
            raise TargetError(f"{place}: {name} is said anew for every run, not in a target file")
        if name.startswith("GAMEDAY_") and name not in KNOWN:
            raise TargetError(
                f"{place}: unknown setting {name}; see deploy/targets/aws.env.example"
            )
        if name in found:
            raise TargetError(f"{place}: {name} is set twice")
        found[name] = value
    return found


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    value = _optional_number(environ, name)
    return default if value is None else value


def _optional_number(environ: Mapping[str, str], name: str) -> float | None:
    text = environ.get(name)
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if math.isnan(found):
        raise TargetError(f"{name}={text!r} is not a number")
    return found


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _address(text: str | None, name: str) -> tuple[str, int] | None:
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise TargetError(f"{name}={text!r} is not ADDRESS:PORT")
    return host, int(port)


def _region_addresses(text: str) -> dict[str, str]:
    """`us-east-1=127.0.1.1,...` as Region by address."""
    pairs = [pair.partition("=") for pair in text.split(",") if pair]
    if not all(region and address for region, _, address in pairs):
        raise TargetError(f"GAMEDAY_REGION_ADDRESSES={text!r} is not REGION=ADDRESS,...")
    return {address: region for region, _, address in pairs}


_UNDO_COPY = re.compile(r"(ssm|s3)://([a-z0-9-]+)/([A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*)/?")


def _undo_copy(text: str | None) -> UndoCopy | None:
    if not text:
        return None
    found = _UNDO_COPY.fullmatch(text)
    if found is None or (found[1] == "s3" and "/" not in found[3]):
        raise TargetError(
            f"GAMEDAY_UNDO_COPY={text!r} is not ssm://REGION/PATH or s3://REGION/BUCKET/PREFIX"
        )
    return UndoCopy(found[1], found[2], found[3])


def _address_map(text: str) -> dict[tuple[str, int], tuple[str, int]]:
    pairs: dict[tuple[str, int], tuple[str, int]] = {}
    for item in filter(None, text.split(",")):
        answered, _, real = item.partition("=")
        a, b = _address(answered, "GAMEDAY_ADDRESS_MAP"), _address(real, "GAMEDAY_ADDRESS_MAP")
        if a and b:
            pairs[a] = b
    return pairs
