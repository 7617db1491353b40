"""--metrics: what Prometheus scrapes."""

from __future__ import annotations

import asyncio
import gc
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest

from qmp_iothreadd.daemon.metrics_server import parse_address, serve_metrics
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing import DaemonProcess
from qmp_iothreadd.testing.memory import MemoryClient, make_machine
from tests.waiting import wait_until

pytest.importorskip("prometheus_client")
pytest.importorskip("h11")

from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families as parse_text

from qmp_iothreadd.daemon import metrics_http
from qmp_iothreadd.daemon.metrics import registry

parse_openmetrics: Any = openmetrics_parser.text_string_to_metric_families

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    with MemoryClient() as client:
        client.negotiate()
        client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
        yield client


@pytest.fixture
async def url(client: MemoryClient) -> AsyncIterator[str]:
    said: list[str] = []
    async with serve_metrics(client.machine, "0", said.append):
        (found,) = said
        yield found


def test_an_older_qemu_says_so() -> None:
    with closing(make_machine(qemu="8.2")) as machine:
        assert registry(machine).get_sample_value("qmp_iothreadd_info", {"qemu_version": "8.2.0"})


def test_what_is_deleted_during_a_scrape_is_left_out(client: MemoryClient) -> None:
    client.execute("object-add", {"qom-type": "iothread", "id": "io1"})
    scraped = registry(client.machine)
    client.execute("object-del", {"id": "io1"})
    sample = "qmp_iothreadd_iothread_iterations_total"
    assert scraped.get_sample_value(sample, {"iothread": "io0"}) is not None
    assert scraped.get_sample_value(sample, {"iothread": "io1"}) is None


async def test_a_client_that_does_not_ask_gets_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qmp_iothreadd.daemon.metrics_http.REQUEST_TIMEOUT_S", 0)
    host, port = url.removeprefix("http://").removesuffix("/metrics").rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()


async def fetch(url: str, request: str = "GET /metrics HTTP/1.1", *headers: str) -> tuple[str, str]:
    """Head and body of what an endpoint answers."""
    host, port = url.removeprefix("http://").removesuffix("/metrics").rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    writer.write("\r\n".join([request, "Host: x", *headers, "", ""]).encode())
    answer = (await asyncio.wait_for(reader.read(), 10)).decode()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition("\r\n\r\n")
    return head, body


async def scrape(url: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """All samples by name and labels."""
    _, body = await fetch(url)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parse_text(body)
        for sample in family.samples
    }


def load(client: MemoryClient) -> None:
    """A workload, once it has had some requests served; then it pauses."""
    options = {"interval-ns": 20_000, "depth": 4, "arrival": "exponential"}
    client.execute(
        "object-add", {"qom-type": "x-workload", "id": "w0", "iothread": "io0", **options}
    )
    wait_until(lambda: client.execute("x-query-workload-stats")[0]["completed"] >= 200)
    pause = {"path": "/objects/w0", "property": "interval-ns", "value": 10**12}
    client.execute("qom-set", pause)
    wait_until(lambda: client.execute("x-query-workload-stats")[0]["in-flight"] == 0)


def value(samples: dict[Any, float], name: str, **labels: str) -> float:
    return samples[f"qmp_iothreadd_{name}", frozenset(labels.items())]


# -- The numbers ----------------------------------------------------------------------------------


async def test_numbers_are_those_of_the_statistics(client: MemoryClient, url: str) -> None:
    load(client)
    (stats,) = client.execute("x-query-iothread-stats")
    (workload,) = client.execute("x-query-workload-stats")
    found = await scrape(url)
    io0 = {"iothread": "io0"}
    for name, member in (
        ("events_total", "polled-events"),
        ("poll_adjustments_total", "adjustments"),
        ("poll_resets_total", "resets"),
    ):
        labels = {"found": "polling"} if name == "events_total" else {}
        assert value(found, f"iothread_{name}", **io0, **labels) == stats[member]
    for state in ("polling", "handling"):
        spent = value(found, "iothread_time_seconds_total", **io0, state=state)
        assert spent == pytest.approx(stats[f"{state}-ns"] / 1e9)
    assert value(found, "iothread_cpu_seconds_total", **io0) >= stats["cpu-ns"] / 1e9
    issued = value(found, "workload_requests_issued_total", workload="w0")
    assert issued == workload["issued"]


async def test_the_polling_window_is_a_histogram(client: MemoryClient, url: str) -> None:
    load(client)
    (stats,) = client.execute("x-query-iothread-stats")
    found = await scrape(url)
    name = "qmp_iothreadd_iothread_poll_window_adjusted_seconds"
    buckets = {
        float(dict(labels)["le"]): count
        for (sample, labels), count in found.items()
        if sample == f"{name}_bucket"
    }
    counts = [buckets[bound] for bound in sorted(buckets)]
    assert counts == sorted(counts)
    assert counts[-1] == stats["adjustments"] > 0
    assert (
        value(found, f"{name.removeprefix('qmp_iothreadd_')}_count", iothread="io0") == counts[-1]
    )
    assert max(bound for bound in buckets if bound < 10) > 1
    fits = sum(each["count"] for each in stats["poll-ns-histogram"] if each["to-ns"] <= 4095)
    assert buckets[4095e-9] == fits


async def test_latency_is_a_summary_with_quantiles(client: MemoryClient, url: str) -> None:
    load(client)
    (stats,) = client.execute("x-query-iothread-stats")
    found = await scrape(url)
    name = "iothread_event_latency_seconds"
    for quantile, member in {"0.5": "p50-ns", "0.99": "p99-ns", "0.999": "p999-ns"}.items():
        shown = value(found, name, iothread="io0", quantile=quantile)
        assert shown == stats["latency"][member] / 1e9
    assert value(found, f"{name}_count", iothread="io0") == stats["latency"]["count"]


async def test_iothreads_come_and_go(client: MemoryClient, url: str) -> None:
    client.execute("object-add", {"qom-type": "iothread", "id": "io1"})
    assert value(await scrape(url), "iothread_poll_weight", iothread="io1") == 3
    client.execute("object-del", {"id": "io1"})
    found = await scrape(url)
    assert not [labels for _, labels in found if ("iothread", "io1") in labels]


async def test_every_family_is_well_formed(client: MemoryClient, url: str) -> None:
    load(client)
    head, body = await fetch(url, "GET /metrics HTTP/1.1", f"Accept: {OPENMETRICS}")
    assert f"Content-Type: {OPENMETRICS}" in head
    families = {family.name: family for family in parse_openmetrics(body)}
    for name, family in families.items():
        assert family.documentation
        assert name.startswith(("qmp_iothreadd", "process_"))
    assert families["qmp_iothreadd"].samples[0].labels == {"qemu_version": "11.1.3"}


# -- HTTP -----------------------------------------------------------------------------------------


async def test_a_head_request_has_no_body(url: str) -> None:
    head, body = await fetch(url, "HEAD /metrics HTTP/1.1")
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert body == ""


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET / HTTP/1.1", "404 Not Found"),
        ("GET /metricsx HTTP/1.1", "404 Not Found"),
        ("POST /metrics HTTP/1.1", "405 Method Not Allowed"),
        ("hello", "400 Bad Request"),
        ("GET /metrics", "400 Bad Request"),
        (
            "GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text; version=x",
            "400 Bad Request",
        ),
        ("GET /metrics HTTP/1.1\r\nHost: y", "400 Bad Request"),
        ("GET /metrics HTTP/1.1\r\nX", "400 Bad Request"),
        ("\0\xff", "400 Bad Request"),
        ("GET /" + "x" * 50_000, "431 Request Header Fields Too Large"),
    ],
)
async def test_other_requests_are_refused(url: str, request_line: str, status: str) -> None:
    head, body = await fetch(url, request_line)
    assert head.startswith(f"HTTP/1.1 {status}\r\n")
    assert body == status.partition(" ")[2] + "\n"


async def test_who_asks_for_nothing_is_answered_nothing(url: str) -> None:
    host, port = url.removeprefix("http://").removesuffix("/metrics").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write_eof()
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()


async def test_a_client_that_never_asks_does_not_keep_the_daemon(client: MemoryClient) -> None:
    said: list[str] = []
    async with serve_metrics(client.machine, "127.0.0.1:0", said.append):
        port = int(said[0].rsplit(":", 1)[1].removesuffix("/metrics"))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await fetch(said[0])
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()


# -- The address ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("9177", ("127.0.0.1", 9177)),
        (":9177", ("127.0.0.1", 9177)),
        ("0.0.0.0:0", ("0.0.0.0", 0)),
        ("[::1]:80", ("::1", 80)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "x", "localhost", "1:2:3", "host:65536", "host:-1", "h:１"])
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(QmpError) as raised:
        parse_address(text)
    assert raised.value.desc == f"expected [HOST:]PORT, not '{text}'"


async def test_an_address_in_use_is_refused(client: MemoryClient) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(QmpError, match=f"Failed to bind socket to {port}: "):
            async with serve_metrics(client.machine, str(port), print):
                pass


# -- The daemon -----------------------------------------------------------------------------------


async def test_a_daemon_says_where_it_serves_and_serves(tmp_path: Any) -> None:
    arguments = ("-object", "iothread,id=io0", "--metrics", "0")
    with DaemonProcess(*arguments) as daemon:
        wait_until(lambda: "metrics on " in daemon.stderr)
        found = await scrape(daemon.stderr.strip().partition("metrics on ")[2])
    assert value(found, "iothread_poll_max_seconds", iothread="io0") == 32768e-9
    assert ("process_resident_memory_bytes", frozenset()) in found


WITHOUT_LIBRARY = """
import sys
sys.modules[sys.argv[1]] = None
from qmp_iothreadd.cli import main
sys.exit(main(["prog", "-nodefaults", "--metrics", "0"]))
"""


@pytest.mark.parametrize("name", ["prometheus_client", "h11"])
def test_without_a_library_it_says_what_to_install(name: str) -> None:
    command = [sys.executable, "-c", WITHOUT_LIBRARY, name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert done.stderr == (
        f"prog: --metrics 0: --metrics needs the Python package {name.replace('_', '-')}\n"
        "Install it with: pip install 'qmp-iothreadd[metrics]'\n"
    )


UNUSED = """
import sys
import qmp_iothreadd.daemon.daemon
unwanted = ("metrics", "metrics_http", "metrics_server")
loaded = {"prometheus_client", "h11", *(f"qmp_iothreadd.daemon.daemon.{name}" for name in unwanted)}
sys.exit(", ".join(loaded & sys.modules.keys()) or 0)
"""


def test_unused_it_is_not_imported() -> None:
    subprocess.run([sys.executable, "-c", UNUSED], check=True, timeout=30)


async def test_only_a_missing_library_is_the_users_business(
    client: MemoryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "qmp_iothreadd.daemon.metrics_http", None)
    with pytest.raises(ModuleNotFoundError, match=r"qmp_iothreadd\.daemon\.metrics_http"):
        await serve_metrics(client.machine, "0", print).__aenter__()


# -- What others do meanwhile ----------------------------------------------------------------------


def test_family_by_family_the_exposition_is_the_same(client: MemoryClient) -> None:
    made = registry(client.machine)
    families = list(made.collect())
    same: Any = SimpleNamespace(collect=lambda: families)
    for accept in (OPENMETRICS, ""):
        encode, _ = choose_encoder(accept)
        pieces = metrics_http._expose(encode, same)
        assert len(pieces) == len(families)
        assert b"".join(pieces) == encode(same)


async def test_a_scrape_is_interrupted_often_and_collects_no_garbage(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, bool]] = []
    usual = sys.getswitchinterval()
    expose = metrics_http._expose

    def watch(*given: Any) -> list[bytes]:
        seen.append((gc.isenabled(), sys.getswitchinterval() < usual))
        return expose(*given)

    monkeypatch.setattr(metrics_http, "_expose", watch)
    for collects in (True, False):
        (gc.enable if collects else gc.disable)()
        try:
            await fetch(url)
            assert (gc.isenabled(), sys.getswitchinterval()) == (collects, usual)
        finally:
            gc.enable()
    assert seen == [(False, True)] * 2
