"""The file that x-record-iothread writes: iterations, with each handler's part in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from qmp_iothreadd.iothread.recording import LENGTH_BYTES, MAGIC
from qmp_iothreadd.lab.importers.nodes import Nodes
from qmp_iothreadd.lab.importers.reading import BLOCK, Choice, Lines, Steps

LOOKS = rb"\A" + MAGIC
CHOICES = ()
WARNING = ""
_ADJUST = "x_aio_adjust"
_WORD = 8
_START = len(MAGIC) + LENGTH_BYTES
_HEAD_WORDS = 2
# No record is longer: what a damaged one says is not waited for.
_WORDS_MAX = BLOCK // _WORD


def read(lines: Lines, choice: Choice, steps: Steps) -> None:
    """Each decision is a step. Raises ValueError: its head is none, or it is cut off."""
    blocks = lines.raw()
    data = next(blocks, b"")
    about, data = _split(data)
    adjust = about["events"].index(_ADJUST)
    block_at = _HEAD_WORDS + about[_ADJUST].index("block_ns")
    handlers_at = _HEAD_WORDS + len(about[_ADJUST])
    width = len(about["handler"])
    node_at, event_at = (about["handler"].index(name) for name in ("node", "event"))
    nodes = Nodes(steps)
    for record in _records(data, blocks):
        if record[0] & 0xFFFF == adjust:
            if len(record) < handlers_at or (len(record) - handlers_at) % width:
                raise ValueError("a record has other words than the head says: it is damaged")
            parts = [record[at : at + width] for at in range(handlers_at, len(record), width)]
            word = nodes.word((part[node_at], part[event_at] != 0) for part in parts)
            steps.add(record[block_at], word)


def _split(data: bytes) -> tuple[dict[str, Any], bytes]:
    end = _START + int.from_bytes(data[len(MAGIC) : _START], "little")
    if not data.startswith(MAGIC) or not _START < end <= len(data):
        raise ValueError("not a file of x-record-iothread, or its head is cut off")
    try:
        about = json.loads(data[_START:end])
        fits = about["byteorder"] == "little" and {"block_ns"} <= set(about[_ADJUST])
        fits = fits and all(isinstance(about[key], list) for key in ("events", _ADJUST, "handler"))
        fits = fits and _ADJUST in about["events"] and {"node", "event"} <= set(about["handler"])
    except (ValueError, TypeError, KeyError, RecursionError):
        fits = False
    if not fits:
        raise ValueError(
            "its head does not say what its records have, or it is of big-endian words"
        )
    return about, data[end:]


def _records(data: bytes, blocks: Iterator[bytes]) -> Iterator[list[int]]:
    """The words of each record."""
    while data:
        whole = len(data) // _WORD * _WORD
        words = memoryview(data)[:whole].cast("Q").tolist()
        at = 0
        while at < len(words):
            length = words[at] >> 16
            if length < _HEAD_WORDS:
                raise ValueError("a record without a length: the file is damaged")
            if length > _WORDS_MAX:
                raise ValueError(f"a record of {length} words: the file is damaged")
            if at + length > len(words):
                break
            yield words[at : at + length]
            at += length
        rest = data[at * _WORD :]
        more = next(blocks, b"")
        if rest and not more:
            raise ValueError("its last record is cut off")
        data = rest + more
