"""What the daemon takes it gives back: threads, descriptors, memory."""

from __future__ import annotations

import json
import os
import resource
import threading
import time
from pathlib import Path
from typing import Any

from qmp_iothreadd.testing import Client, DaemonProcess

MIB = 1 << 20


def add(name: str, **properties: Any) -> dict[str, Any]:
    return {"qom-type": "iothread", "id": name, **properties}


def queued_s(pid: int) -> float:
    """For how long the kernel made a process and this thread wait for a free CPU, in seconds.

    What is left of a time after that is the same on a busy machine.
    """
    threads = pid, threading.get_native_id()
    texts = (Path(f"/proc/{thread}/schedstat").read_text() for thread in threads)
    return sum(int(text.split()[1]) for text in texts) / 1e9


def send_all(client: Client, requests: bytes) -> None:
    """Send piece by piece: a client's timeout is for each call, however much it has to send."""
    for start in range(0, len(requests), 1 << 16):
        client.send(requests[start : start + (1 << 16)])


def test_a_thousand_rounds_leave_threads_and_descriptors_where_they_were() -> None:
    with DaemonProcess() as daemon, daemon.client() as client:

        def rounds(count: int) -> None:
            for number in range(count):
                client.execute("object-add", add(f"io{number}"))
                client.execute("object-del", {"id": f"io{number}"})

        rounds(10)  # the extension is loaded, allocators are warm
        before = daemon.threads(), daemon.descriptor_count(), daemon.resident_bytes()
        rounds(1000)
        after = daemon.threads(), daemon.descriptor_count(), daemon.resident_bytes()
        assert after[:2] == before[:2]
        assert after[2] - before[2] < 2 * MIB


def test_a_deleted_iothreads_thread_is_gone_before_the_return() -> None:
    with DaemonProcess() as daemon, daemon.client() as client:
        for number in range(50):
            client.execute("object-add", add(f"io{number}"))
            (info,) = client.execute("query-iothreads")
            assert os.path.exists(f"/proc/{daemon.pid}/task/{info['thread-id']}")
            client.execute("object-del", {"id": f"io{number}"})
            assert not os.path.exists(f"/proc/{daemon.pid}/task/{info['thread-id']}")


def test_64_iothreads_at_once_are_64_named_threads_that_can_be_pinned() -> None:
    options = [option for n in range(64) for option in ("-object", f"iothread,id=io{n}")]
    with DaemonProcess(*options) as daemon, daemon.client() as client:
        infos = client.execute("query-iothreads")
        threads = daemon.threads()
        assert len({info["thread-id"] for info in infos}) == 64
        for info in infos:
            assert threads[info["thread-id"]] == f"IO {info['id']}"
        cpu = min(os.sched_getaffinity(0))
        for info in infos:
            os.sched_setaffinity(info["thread-id"], {cpu})
            assert os.sched_getaffinity(info["thread-id"]) == {cpu}
        for info in infos:
            client.execute("object-del", {"id": info["id"]})
        assert not any(name.startswith("IO ") for name in daemon.threads().values())


def test_a_name_that_is_too_long_for_a_thread_is_not_set() -> None:
    with DaemonProcess() as daemon, daemon.client() as client:
        for name, expected in [("a" * 12, "IO " + "a" * 12), ("a" * 13, None)]:
            client.execute("object-add", add(name))
            (info,) = client.execute("query-iothreads")
            shown = daemon.threads()[info["thread-id"]]
            assert shown == expected if expected else not shown.startswith("IO ")
            client.execute("object-del", {"id": name})


def test_no_descriptors_left_is_an_error_and_leaves_nothing_behind() -> None:
    def few_descriptors() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    with (
        DaemonProcess(preexec_fn=few_descriptors) as daemon,
        daemon.client() as client,
    ):
        replies = [client.request("object-add", add(f"io{number}")) for number in range(64)]
        made = replies.count({"return": {}})
        assert 0 < made < 64
        assert "Too many open files" in replies[made]["error"]["desc"]
        assert len(client.execute("query-iothreads")) == made
        assert client.execute("query-block-jobs") == []  # its module is imported with it
        client.execute("object-add", {"qom-type": "authz-simple", "id": "a", "identity": "i"})
        client.execute("object-del", {"id": "io0"})
        client.execute("object-add", add("again"))
        assert "Traceback" not in daemon.stderr


def test_a_client_that_never_reads_costs_bounded_memory_and_nobody_elses_time() -> None:
    count = 200_000
    with (
        DaemonProcess("--multi-client", "-object", "iothread,id=io0") as daemon,
        daemon.client() as greedy,
        daemon.client() as other,
    ):
        other.execute("query-iothreads")
        before = daemon.resident_bytes()
        requests = b"".join(b'{"execute":"query-iothreads","id":%d}' % n for n in range(count))
        sender = threading.Thread(target=send_all, args=(greedy, requests))
        sender.start()
        deadline = time.monotonic() + 1.0
        slowest = 0.0
        while time.monotonic() < deadline:
            started = time.monotonic() - queued_s(daemon.pid)
            other.execute("query-name")
            slowest = max(slowest, time.monotonic() - queued_s(daemon.pid) - started)
        assert sender.is_alive()
        assert daemon.resident_bytes() - before < 4 * MIB
        assert slowest < 0.5
        for number in range(count):
            line = greedy.receive_line()
            assert line.endswith(b'"id": %d}\r\n' % number), line
        sender.join()
        assert json.loads(line)["return"][0]["id"] == "io0"
        assert daemon.resident_bytes() - before < 8 * MIB


def test_a_client_that_leaves_events_unread_is_cut_off_in_the_end() -> None:
    with (
        DaemonProcess("--multi-client") as daemon,
        daemon.client() as lazy,
        daemon.client() as busy,
    ):
        before = daemon.resident_bytes()
        rounds = 40_000  # events of some 80 bytes, two per round
        requests = b'{"execute":"stop"}{"execute":"cont"}' * rounds
        sender = threading.Thread(target=send_all, args=(busy, requests))
        sender.start()
        left = 2 * rounds
        while left:
            left -= busy.receive_line().startswith(b'{"return"')
        sender.join()
        assert daemon.resident_bytes() - before < 16 * MIB
        heard = 0
        while lazy.receive_line().endswith(b"\r\n"):
            heard += 1
        assert 0 < heard < 2 * rounds
        assert busy.execute("query-name") == {}


def test_many_connections_leave_nothing() -> None:
    with DaemonProcess() as daemon:
        with daemon.client() as client:
            client.execute("query-name")
            before = daemon.threads(), daemon.descriptor_count()
        for _ in range(200):
            with daemon.client() as client:
                client.send(b'{"execute":"query-qmp-schema"}{"half')
        with daemon.client():
            assert (daemon.threads(), daemon.descriptor_count()) == before
