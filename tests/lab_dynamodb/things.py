"""The items of a table `things`, as tests write and read them."""

from __future__ import annotations

from typing import Any


def put(client: Any, name: str, value: str = "", **more: Any) -> Any:
    item = {"id": {"S": name}, "v": {"S": value}}
    return client.put_item(TableName="things", Item=item, **more)


def get(client: Any, name: str) -> str | None:
    item = client.get_item(TableName="things", Key={"id": {"S": name}}).get("Item")
    return item["v"]["S"] if item else None


def everything(client: Any) -> list[Any]:
    items: list[Any] = []
    for page in client.get_paginator("scan").paginate(TableName="things"):
        items += page["Items"]
    return items
