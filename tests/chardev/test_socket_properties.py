"""Whatever a socket is asked for: it opens and can be removed, or is refused; nothing is left."""

from __future__ import annotations

import asyncio
import os
import tempfile
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from qmp_iothreadd.chardev.chardevs import Chardevs
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qom.tree import ObjectTree
from qmp_iothreadd.qom.types import TypeRegistry

FLAG = st.booleans()


def some_of(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any of these members, under their names in the schema."""
    return st.fixed_dictionaries(
        {}, optional={name.replace("_", "-"): value for name, value in members.items()}
    )


UNIX = st.builds(
    lambda path, rest: {"type": "unix", "data": {"path": path, **rest}},
    st.sampled_from(["s", "no/s", ".", "", "s\0", "é" * 60]),
    some_of(abstract=FLAG, tight=FLAG),
)
INET = st.builds(
    lambda host, port, rest: {"type": "inet", "data": {"host": host, "port": port, **rest}},
    st.sampled_from(["127.0.0.1", "::1", "", "192.0.2.1", "256.0.0.1", "\0", "a..b"]),
    st.sampled_from(["0", "1", "", "x", "99999", "-1"]),
    some_of(
        numeric=st.just(True),
        to=st.integers(0, 3),
        ipv4=FLAG,
        ipv6=FLAG,
        keep_alive=FLAG,
        keep_alive_count=st.sampled_from([0, 3, 2**32 - 1]),
        mptcp=FLAG,
    ),
)
OTHER = st.sampled_from(
    [
        {"type": "fd", "data": {"str": ""}},
        {"type": "fd", "data": {"str": "nope"}},
        {"type": "vsock", "data": {"cid": "x", "port": "1"}},
    ]
)
SOCKETS = st.builds(
    lambda addr, rest: {"type": "socket", "data": {"addr": addr, **rest}},
    st.one_of(UNIX, INET, OTHER),
    some_of(
        server=FLAG,
        wait=st.just(False),
        telnet=FLAG,
        websocket=FLAG,
        reconnect_ms=st.sampled_from([0, 1, 10_000]),
    ),
)


async def add_and_remove(backend: dict[str, Any]) -> None:
    types = TypeRegistry()
    chardevs = Chardevs(types, ObjectTree(types).chardevs)
    try:
        made = chardevs.add("c", backend, {})
    except QmpError:
        pass
    else:
        assert made.filename
        await asyncio.sleep(0)
        chardevs.remove("c")
    assert list(chardevs) == []
    await asyncio.sleep(0)
    await chardevs.drained()


@settings(max_examples=150, deadline=None)
@given(SOCKETS)
def test_nothing_is_left_behind(backend: dict[str, Any]) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", folder)
        asyncio.run(add_and_remove(backend))
        assert os.listdir(folder) == []
    assert len(os.listdir("/proc/self/fd")) == before
