"""Recording of sound, which there is none of."""

from __future__ import annotations

from qmp_iothreadd.testing import MemoryClient

GOES = "warning: '{}' is deprecated since v10.2, to be removed\r\n"


def hmp(client: MemoryClient, line: str) -> object:
    return client.execute("human-monitor-command", {"command-line": line})


def test_each_line_warns_once() -> None:
    with MemoryClient() as client:
        client.negotiate()
        for line, name, said in (
            ("info capture", "info capture", ""),
            ("stopcapture 0", "stopcapture", ""),
            ("wavcapture f a 44100", "wavcapture", "audiodev 'a' not found\r\n"),
        ):
            assert hmp(client, line) == GOES.format(name) + said
            assert hmp(client, line) == said
