"""Any faults on any requests, in memory: no internal error, and the next session is clean."""

from __future__ import annotations

import random
from contextlib import closing, suppress

from hypothesis import given, settings, strategies as st

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.scripting.script import Script
from qmp_iothreadd.testing import MemoryClient, make_machine
from tests.fuzz.random_faults import random_fault, random_request

BEGIN = b'{"execute": "qmp_capabilities"}'
ASK = b'{"execute": "query-name", "id": "marker"}'
REPLY = b'{"return": {}, "id": "marker"}\r\n'


def play(client: MemoryClient, source: random.Random, steps: int) -> bytes:
    """Faults, requests, events and releases, as the source chooses. Returns what was sent."""
    faults, answer = client.machine.part(Script).faults, b""
    for number in range(steps):
        match source.randrange(6):
            case 0 | 1:
                answer += client.feed(random_request(source, number))
            case 2 | 3:
                with suppress(QmpError):
                    faults.add_words(random_fault(source))
            case 4:
                (client.machine.stop if number % 2 else client.machine.cont)()
            case _:
                faults.release()
    return answer


@given(st.randoms(use_true_random=False), st.integers(1, 12), st.booleans())
@settings(max_examples=80)
def test_faults_of_any_kind(source: random.Random, steps: int, negotiated: bool) -> None:
    with closing(make_machine()) as machine:
        faults = machine.part(Script).faults
        with MemoryClient(machine) as client:
            answer = client.feed(BEGIN if negotiated else b"")
            answer += play(client, source, steps)
            faults.clear()
            answer += client.feed(ASK)
            assert client.hung_up or REPLY in answer or not negotiated
            assert b"nternal error" not in answer
        assert (machine.sessions, faults.query()) == ([], [])
        with MemoryClient(machine) as client:
            greeting, rest = client.feed(BEGIN + ASK).split(b"\r\n", 1)
            assert greeting.startswith(b'{"QMP": {"version": {"qemu": {"micro": 3')
            assert rest == b'{"return": {}}\r\n' + REPLY
