"""Reads the application's tables in every Region: at the fault, and after fail-back.

It uses consistent reads of the AWS API, because on AWS there is nothing else to look with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from gameday import clock
from gameday.aws import client, translated
from gameday.clock import Clock
from gameday.discover import global_tables
from gameday.errors import AwsError
from gameday.journal import EventLog, Tail, read_log
from gameday.settings import Target

LOOK_BACK_S = 60.0
LEDGER_WITHIN_WALL_S = 2.0
BATCH = 100
"""BatchGetItem takes at most 100 keys (Amazon DynamoDB, "BatchGetItem")."""

MISSING_KEYS_MAX = 20
OWN_PREFIX = "health#"
"""Items that the application's deep health check writes; they are nobody's data."""

Json = dict[str, Any]

_from_dynamodb = TypeDeserializer().deserialize


def at_fault(run_dir: Path, target: Target, region: str, fault_at: float) -> Iterator[Json]:
    """What each survivor lacks of `region` now, as `fault.read` has it; nothing without tables.

    :raises AwsError: a table does not answer.
    """
    tables = global_tables(target.stack, target.regions) if target.stack else ()
    if not tables:
        return
    _await_ledger(run_dir, fault_at)
    writes = acknowledged(run_dir, fault_at, target.speed, region)
    for survivor in (r for r in target.regions if r != region):
        present = present_in(survivor, tables, (w["id"] for w in writes))
        found = behind(writes, present, fault_at, target.speed)
        yield {"lost_region": region, "survivor": survivor, **found}


def _await_ledger(run_dir: Path, until: float) -> None:
    """Wait until the load process has written down what happened before `until`."""
    tail = Tail(run_dir)
    Clock().wait_for(
        lambda: any(e["kind"] == "load.window" and e["at"] >= until for e in tail.new()),
        LEDGER_WITHIN_WALL_S,
        every_s=0.1,
    )


def acknowledged(run_dir: Path, fault_at: float, speed: float, region: str) -> list[Json]:
    """Writes that `region` acknowledged from 60 AWS seconds before the fault until now.

    One that it acknowledged while the fault was taking hold is a write that clients rely on.
    """
    since = fault_at - Clock(speed).wall(LOOK_BACK_S)
    return [
        write
        for path in sorted((run_dir / "ledger").glob("writes-*.jsonl"))
        for write in read_log(path)
        if write["outcome"] == "acknowledged"
        and write["region"] == region
        and (write.get("acked_at") or 0.0) >= since
    ]


def behind(writes: Iterable[Json], present: set[str], fault_at: float, speed: float) -> Json:
    """What a survivor lacks: counts, the age of the oldest in AWS seconds, up to 20 keys.

    A write's age is how long before the loss it was acknowledged. The Region is lost when the
    fault starts, or with its last acknowledgement if that came later.
    """
    checked = list(writes)
    lost_at = max([fault_at, *(w["acked_at"] for w in checked)])
    missing = [w for w in checked if w["id"] not in present]
    ages = [(lost_at - w["acked_at"]) * speed for w in missing]
    return {
        "checked": len(checked),
        "missing": len(missing),
        "oldest_age_s": round(max(ages, default=0.0), 3),
        "missing_keys": [w["key"] for w in missing[:MISSING_KEYS_MAX]],
    }


def present_in(region: str, tables: Iterable[str], ids: Iterable[str]) -> set[str]:
    """Which of the items `ids` the tables hold in `region`, by consistent reads.

    :raises AwsError: a table does not answer, or leaves keys unread ten times.
    """
    api, wanted, found = client("dynamodb", region), iter(sorted(set(ids))), set[str]()
    keys = {table: _key_of(table, region) for table in tables}
    while batch := list(islice(wanted, BATCH)):
        for table, key in keys.items():
            request: Json = {
                table: {"Keys": [{key: {"S": i}} for i in batch], "ConsistentRead": True}
            }
            for _ in range(10):
                with translated(f"BatchGetItem from {table} in {region}"):
                    answer = api.batch_get_item(RequestItems=request)
                found |= {item[key]["S"] for item in answer["Responses"].get(table, [])}
                request = answer.get("UnprocessedKeys") or {}
                if not request:
                    break
            else:
                raise AwsError(f"BatchGetItem from {table} in {region} leaves keys unread")
    return found


def rows(region: str, tables: Iterable[str]) -> Iterator[Json]:
    """Every item of the tables in `region`, as `ledger/audit.jsonl` has it."""
    for table in tables:
        key = _key_of(table, region)
        with translated(f"Scan of {table} in {region}"):
            pages = client("dynamodb", region).get_paginator("scan")
            for page in pages.paginate(TableName=table, ConsistentRead=True):
                for held in page["Items"]:
                    item = {name: _from_dynamodb(value) for name, value in held.items()}
                    if not str(item[key]).startswith(OWN_PREFIX):
                        yield _row(region, str(item[key]), item)


def write_audit(
    run_dir: Path, regions: Iterable[str], tables: Iterable[str], within_s: float, speed: float
) -> int:
    """Write `ledger/audit.jsonl` when the Regions hold the same items, or `within_s` has passed.

    Replication may need a moment after fail-back; what still differs afterwards is a finding.
    Returns the number of rows.
    """
    names, places = tuple(tables), tuple(regions)
    deadline = clock.monotonic() + Clock(speed).wall(within_s)
    while True:
        found = {region: list(rows(region, names)) for region in places}
        ids = {region: {row["id"] for row in of} for region, of in found.items()}
        if len({frozenset(i) for i in ids.values()}) <= 1 or clock.monotonic() > deadline:
            break
        clock.sleep_wall(max(0.2, Clock(speed).wall(1.0)))
    log = EventLog(run_dir / "ledger" / "audit.jsonl")
    for row in (row for of in found.values() for row in of):
        log.append_raw(row)
    log.close()
    return sum(len(of) for of in found.values())


def _key_of(table: str, region: str) -> str:
    with translated(f"DescribeTable of {table} in {region}"):
        schema = client("dynamodb", region).describe_table(TableName=table)["Table"]["KeySchema"]
    return next(str(part["AttributeName"]) for part in schema if part["KeyType"] == "HASH")


def _row(region: str, item_id: str, item: Json) -> Json:
    at = item.get("written_at")
    return {
        "region": region,
        "id": item_id,
        "key": item.get("key"),
        "written_in": item.get("written_in"),
        "written_at": None if at is None else float(at),
    }
