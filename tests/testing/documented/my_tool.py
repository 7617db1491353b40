"""What docs/testing.md and README.md test: a tool that makes iothreads."""

from __future__ import annotations

import my_client


def make_iothread(path: str, name: str) -> None:
    """Make an iothread, and look whether it is there."""
    with my_client.connect(path) as client:
        client.execute("object-add", {"qom-type": "iothread", "id": name})
        client.execute("query-iothreads")


def run(path: str) -> None:
    """Do what it is for."""
    make_iothread(path, "made-by-my-tool")
