"""Plain tests: a blocking client, the server on a thread of its own."""

import threading

import pytest

from qmp_iothreadd import QmpError
from qmp_iothreadd.testing import Client, Server


def connect(server):
    client = Client.connect(server.address)
    client.negotiate()
    return client


def test_real_behaviour(qmp_server):
    with connect(qmp_server) as client:
        client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
    assert list(qmp_server.iothreads) == ["io0"]
    assert qmp_server.requests("object-add") == [{"qom-type": "iothread", "id": "io0"}]


def test_scripted_replies(qmp_server):
    qmp_server.respond("query-status", {"running": False, "status": "io-error"})
    qmp_server.respond("x-vendor", lambda context, speed: {"speed": speed * 2})
    qmp_server.respond("stop", error="no", nth=2)
    with connect(qmp_server) as client:
        assert client.execute("query-status")["status"] == "io-error"
        assert client.execute("x-vendor", {"speed": 2}) == {"speed": 4}
        client.execute("stop")
        with pytest.raises(QmpError, match="no"):
            client.execute("stop")


def test_faults(qmp_server):
    qmp_server.faults.add("drop", command="query-status")
    with connect(qmp_server) as client, pytest.raises(EOFError):
        client.execute("query-status")
    with connect(qmp_server) as client:
        assert client.execute("query-status")["status"] == "running"


def test_waiting_for_a_request_of_a_thread(qmp_server):
    def tool():
        with connect(qmp_server) as client:
            client.execute("stop")

    thread = threading.Thread(target=tool)
    thread.start()
    assert qmp_server.wait_for("stop", timeout=5) == {}
    thread.join()


def test_events(qmp_server):
    with connect(qmp_server) as client:
        qmp_server.emit("VENDOR_SAYS", {"what": "hello"})
        event = client.receive_event()
        assert (event["event"], event["data"]) == ("VENDOR_SAYS", {"what": "hello"})


@pytest.mark.qmp_server(version="8.2.0", package="v8.2.0")
class TestOldQemu:
    def test_greeting(self, qmp_server):
        with Client.connect(qmp_server.path) as client:
            version = client.receive()["QMP"]["version"]
        assert version == {"qemu": {"major": 8, "minor": 2, "micro": 0}, "package": "v8.2.0"}


@pytest.fixture(scope="module")
def shared(qmp_server_factory):
    return qmp_server_factory(port=0)


@pytest.mark.parametrize("number", range(3))
def test_shared_by_a_module(shared, number):
    with connect(shared) as client:
        assert client.execute("query-name") == {}


def test_in_a_block():
    with Server() as server, connect(server) as client:
        client.execute("quit")
        server.stopped.wait(5)


@pytest.mark.qmp_daemon("-object", "iothread,id=io0")
def test_a_process(qmp_daemon):
    with qmp_daemon.client() as client:
        assert [each["id"] for each in client.execute("query-iothreads")] == ["io0"]
