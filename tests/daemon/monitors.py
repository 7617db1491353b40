"""What the tests of monitors that come and go share."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd.testing import Client


def add(client: Client, **options: Any) -> None:
    client.execute("object-add", {"qom-type": "monitor-qmp", "id": "m", "chardev": "s", **options})


def delete(client: Client, name: str = "m") -> None:
    client.execute("object-del", {"id": name})


def objects(client: Client) -> list[str]:
    return [each["name"] for each in client.execute("qom-list", {"path": "/objects"})][1:]


def in_use(client: Client) -> dict[str, bool]:
    return {each["label"]: each["frontend-open"] for each in client.execute("query-chardev")}
