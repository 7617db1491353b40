"""What a test tells a server, and asks it, from plain code, asyncio and trio."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import trio

from qmp_iothreadd import QmpError
from qmp_iothreadd.qmp.signatures import FunctionError
from qmp_iothreadd.testing import Client, Server
from qmp_iothreadd.testing.left_open import LeftOpenError


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client.connect(server.path) as client:
        client.negotiate()
        yield client


# -- What it is to do -----------------------------------------------------------------------------


def test_responses_act_on_live_clients(server: Server, client: Client) -> None:
    server.respond("query-name", {"name": "scripted"})
    server.respond("stop", error="not now", error_class="DeviceNotActive", nth=2)
    assert client.execute("query-name") == {"name": "scripted"}
    client.execute("stop")
    with pytest.raises(QmpError, match="not now") as caught:
        client.execute("stop")
    assert caught.value.error_class == "DeviceNotActive"


def test_functions_are_called_on_the_loop(server: Server, client: Client) -> None:
    async def later(context: Any, *, poll_max_ns: int) -> dict[str, int]:
        await asyncio.sleep(0)
        return {"thread": threading.get_ident(), "poll-max-ns": poll_max_ns}

    server.respond("x-vendor", later, arguments={"poll-max-ns": "int"})
    loop_thread: int = server.call(threading.get_ident)
    reply = client.execute("x-vendor", {"poll-max-ns": 3})
    assert reply == {"thread": loop_thread, "poll-max-ns": 3}
    with pytest.raises(QmpError, match="Invalid parameter type for 'poll-max-ns'"):
        client.execute("x-vendor", {"poll-max-ns": "three"})


def test_it_can_be_scripted_before_it_starts() -> None:
    server = Server(functions={"x-of-the-start": lambda context: {"a": 1}, "x-unused": int})
    server.respond("query-name", {"name": "early"})
    with server, Client.connect(server.path) as client:
        client.negotiate()
        assert client.execute("query-name") == {"name": "early"}
        assert client.execute("x-of-the-start") == {"a": 1}


def test_what_does_not_fit_is_refused_at_once(server: Server) -> None:
    with pytest.raises(QmpError, match="running"):
        server.respond("query-status", {"running": "yes", "status": "running"})
    with pytest.raises(FunctionError, match="'query-status'"):
        server.respond("query-status", lambda context, unknown: None)
    with pytest.raises(QmpError, match="offset"):
        server.emit("RTC_CHANGE", {"offset": "one", "qom-path": "/"})


def test_strict_servers_refuse_names_that_the_schema_lacks() -> None:
    with Server(strict=True) as server:
        with pytest.raises(QmpError, match="x-vendor"):
            server.respond("x-vendor", {})
        with pytest.raises(QmpError, match="X_VENDOR"):
            server.emit("X_VENDOR")
    with pytest.raises(QmpError, match="x-vendor"):
        Server(strict=True, functions={"x-vendor": lambda context: None})


def test_a_single_name_can_be_refused_where_the_schema_lacks_it(server: Server) -> None:
    with pytest.raises(QmpError, match="did you mean 'query-status'"):
        server.respond("query-sttaus", {}, strict=True)
    with pytest.raises(QmpError, match="did you mean 'STOP'"):
        server.emit("STPO", strict=True)


def test_events_of_any_name(server: Server, client: Client) -> None:
    server.emit("VENDOR_SAYS", {"what": 1})
    server.emit("STOP")
    assert client.receive_event()["data"] == {"what": 1}
    assert client.receive_event()["event"] == "STOP"


# -- What it was asked ----------------------------------------------------------------------------


def test_history_has_all_of_all_monitors() -> None:
    with Server(monitors=2) as server:
        for path in server.paths:
            with Client.connect(path) as client:
                client.negotiate()
                client.execute("stop" if path is server.path else "cont")
                client.execute("query-name")
        kinds = [(each.monitor[-1], each.kind) for each in server.history]
        assert kinds[:6] == [
            *[("0", "greeting"), ("0", "request"), ("0", "reply")],
            *[("0", "request"), ("0", "event"), ("0", "reply")],
        ]
        assert {monitor for monitor, _ in kinds} == {"0", "1"}
        times = [each.time for each in server.history]
        assert times == sorted(times)
        assert server.requests("query-name") == [{}, {}]
        assert server.requests("quit") == []
    assert server.requests("cont") == [{}]


def test_waiting_for_requests_in_plain_code(server: Server, client: Client) -> None:
    client.send({"execute": "object-add", "arguments": {"qom-type": "iothread", "id": "io0"}})
    assert server.wait_for("object-add") == {"qom-type": "iothread", "id": "io0"}
    ask = threading.Timer(
        0.01, client.send, [{"execute": "object-del", "arguments": {"id": "io0"}}]
    )
    ask.start()
    assert server.wait_for("object-del", timeout=None) == {"id": "io0"}
    ask.join()
    assert server.wait_for("object-add", timeout=0) == {"qom-type": "iothread", "id": "io0"}


def test_waiting_in_vain_says_what_came(server: Server, client: Client) -> None:
    client.execute("stop")
    words = r"'stop' came 1 of 2 times within 0\.01 s; other commands that came: qmp_capab.* \(1\)"
    with pytest.raises(TimeoutError, match=words):
        server.wait_for("stop", timeout=0.01, count=2)
    with pytest.raises(ValueError, match="from 1 on"):
        server.wait_for("stop", count=0)
    assert server.history.watchers == []


def test_a_server_that_was_asked_nothing_says_so(server: Server) -> None:
    with pytest.raises(TimeoutError, match="came: none"):
        server.wait_for("stop", timeout=0.01)


@pytest.mark.parametrize("own_loop", [True, False])
async def test_waiting_for_requests_under_asyncio(*, own_loop: bool) -> None:
    async def talk(server: Server) -> None:
        reader, writer = await asyncio.open_unix_connection(server.path)
        await reader.readline()
        waiting = [asyncio.create_task(server.wait_for("qmp_capabilities")) for _ in range(2)]
        given_up = asyncio.create_task(server.wait_for("quit", timeout=None))
        await asyncio.sleep(0)
        writer.write(b'{"execute": "qmp_capabilities"}')
        assert await asyncio.gather(*waiting) == [{}, {}]
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        with pytest.raises(TimeoutError, match="'quit' came 0 of 1 times"):
            await server.wait_for("quit", timeout=0.01)
        assert server.history.watchers == []
        writer.close()
        await writer.wait_closed()

    if own_loop:
        with Server() as server:
            await talk(server)
    else:
        async with Server() as server:
            await talk(server)


def test_waiting_for_requests_under_trio(server: Server) -> None:
    async def main() -> None:
        async with await trio.open_unix_socket(server.path) as stream:
            await stream.receive_some()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(server.wait_for, "quit")
                await stream.send_all(json.dumps({"execute": "qmp_capabilities"}).encode())
                assert await server.wait_for("qmp_capabilities") == {}
                nursery.cancel_scope.cancel()
            with pytest.raises(TimeoutError, match="'quit' came 0 of 1 times"):
                await server.wait_for("quit", timeout=0.01)
            server.machine.shutdown("host-qmp-quit")
            await server.stopped.wait(5)

    trio.run(main)
    assert server.history.watchers == []


# -- What is left open ----------------------------------------------------------------------------


def test_what_was_scripted_in_vain_is_left_open() -> None:
    def serve(**options: Any) -> None:
        with Server(**options) as server:
            server.respond("query-name", {"name": "unused"})
            server.respond("query-uuid", lambda context: {"UUID": ""}, optional=True)

    with pytest.raises(LeftOpenError, match="the response to 'query-name' was not used"):
        serve()
    serve(allow_left_open=True)


def test_a_request_without_reply_is_left_open() -> None:
    async def for_ever(context: Any) -> None:
        await asyncio.Event().wait()

    with (
        Server(functions={"x-for-ever": for_ever}) as server,
        Client.connect(server.path) as client,
    ):
        client.negotiate()
        client.send({"execute": "x-for-ever"})
        server.wait_for("x-for-ever")
        assert "no reply to 'x-for-ever' (client 1 of compat_monitor0)" in server.left_open()


def test_what_a_function_raised_fails_the_test() -> None:
    def wrong(context: Any) -> None:
        assert context is None, "of the function"

    def serve() -> None:
        server = Server(functions={"x-wrong": wrong})
        with server, Client.connect(server.path) as client:
            client.negotiate()
            assert "error" in client.request("x-wrong")

    with pytest.raises(LeftOpenError, match="a scripted function raised AssertionError"):
        serve()
