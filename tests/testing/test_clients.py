"""The clients that come with the package, and the daemon as a child process."""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading

import pytest

from qmp_iothreadd import testing
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing import Client, DaemonProcess, MemoryClient, make_machine


def scripted(*answers: bytes) -> Client:
    """A client whose server says this, whatever is asked, and hangs up."""
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(b"".join(answers))
    return Client(ours, timeout=1)


def test_everything_public_can_be_imported() -> None:
    for name in testing.__all__:
        assert getattr(testing, name).__module__.startswith("qmp_iothreadd.testing.")
    with pytest.raises(AttributeError, match="no attribute 'Nope'"):
        testing.Nope  # noqa: B018


def test_client_keeps_events_apart_from_replies() -> None:
    with DaemonProcess() as daemon, daemon.client() as client:
        assert client.execute("stop") == {}
        assert client.request("query-status", id=1)["id"] == 1
        assert client.receive_event()["event"] == "STOP"


def test_client_raises_what_the_reply_says() -> None:
    with DaemonProcess() as daemon, daemon.client() as client:
        with pytest.raises(QmpError) as caught:
            client.execute("nope")
        assert caught.value.error_class == "CommandNotFound"


def test_client_refuses_what_is_not_one_message_ended_by_crlf() -> None:
    for text in (b'{"return": {}}\n', b"[]\r\n", b"\xff\r\n"):
        with scripted(text) as client, pytest.raises(ValueError, match=r"not a message|codec"):
            client.receive()


def test_client_takes_events_as_they_come_and_nothing_else_for_one() -> None:
    with scripted(b'{"event": "STOP"}\r\n', b'{"return": {}}\r\n') as client:
        assert client.receive_event() == {"event": "STOP"}
        with pytest.raises(ValueError, match="not an event"):
            client.receive_event()


def test_a_connection_that_is_reset_has_ended() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = Client(socket.create_connection(server.getsockname()), timeout=1)
        ours, _ = server.accept()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        ours.close()
    with client:
        assert client.receive_line() == b""


def test_client_tells_the_end_from_a_line_cut_off() -> None:
    with scripted(b'{"return"') as client:
        assert client.receive_line() == b'{"return"'
        assert client.receive_line() == b""
        with pytest.raises(EOFError):
            client.receive()


def test_client_that_sends_no_more_is_still_answered() -> None:
    with DaemonProcess() as daemon, daemon.client() as client:
        client.send({"execute": "query-status", "id": 1})
        client.half_close()
        assert client.receive()["id"] == 1
        assert client.receive_line() == b""
    with DaemonProcess() as daemon, daemon.client() as client:
        client.half_close()
        with pytest.raises(BrokenPipeError):
            client.send({"execute": "query-status"})


def test_client_times_out() -> None:
    ours, theirs = socket.socketpair()
    with theirs, Client(ours, timeout=0.05) as client, pytest.raises(TimeoutError):
        client.receive()


def test_client_waits_for_somebody_to_listen(tmp_path: object) -> None:
    path = os.path.join(str(tmp_path), "late")
    with socket.socket(socket.AF_UNIX) as listener:

        def bind() -> None:
            listener.bind(path)
            listener.listen()

        timer = threading.Timer(0.05, bind)
        timer.start()
        with Client.connect(path, timeout=5):
            pass
        timer.join()
    with pytest.raises(ConnectionRefusedError):
        Client.connect(path, timeout=0.05)


def test_daemon_process_says_why_a_daemon_did_not_start() -> None:
    with pytest.raises(RuntimeError, match="invalid option"), DaemonProcess("-nope"):
        pass


def test_daemon_process_asserts_that_the_daemon_ends_well() -> None:
    ignores = "import socket,sys,time; s=socket.socket(socket.AF_UNIX);" + (
        "s.bind(sys.argv[3].split(':')[1].split(',')[0]); s.listen(); time.sleep(60)"
    )
    with (
        pytest.raises(AssertionError, match="status -15"),
        DaemonProcess(command=[sys.executable, "-c", ignores], wait_ready=False),
    ):
        pass


def test_memory_client_is_a_session_of_the_daemons() -> None:
    with MemoryClient() as client:
        greeting = client.negotiate()
        assert greeting["QMP"]["capabilities"] == ["oob"]
        assert client.execute("object-add", {"qom-type": "iothread", "id": "io0"}) == {}
        assert client.execute("query-iothreads")[0]["id"] == "io0"
        with pytest.raises(QmpError, match="Device 'x' not found"):
            client.execute("qom-list", {"path": "x"})


@pytest.mark.filterwarnings("ignore:coroutine")  # it is refused, and therefore never awaited
def test_memory_client_has_no_event_loop_for_what_takes_its_time() -> None:
    async def query_status(ctx: object) -> dict[str, object]:
        return {"running": True, "status": "running"}

    with MemoryClient(functions={"query-status": query_status}) as client:
        client.negotiate()
        with pytest.raises(NotImplementedError, match="need an event loop"):
            client.execute("query-status")


def test_memory_clients_can_follow_each_other_on_one_machine() -> None:
    machine = make_machine()
    for _ in range(2):
        with MemoryClient(machine) as client:
            client.negotiate()
            machine.stop()
            machine.cont()
            assert [message["event"] for message in client.send(b"")] == ["STOP", "RESUME"]
