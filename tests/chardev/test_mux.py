"""A multiplexer: whose turn it is, and what each sees."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from qmp_iothreadd.chardev.chardevs import Chardevs
from qmp_iothreadd.chardev.mux_keys import MuxKeys
from qmp_iothreadd.errors import QmpError
from tests.chardev.echoes import Echo, Echoes
from tests.waiting import wait_until_async


class Teller(Echo):
    """Says, too, that it has the focus, or is about to lose it."""

    def focus_changed(self, focused: bool) -> None:
        self.transport.write(b"<" if focused else b">")


class Tellers(Echoes):
    def connect(self) -> Echo:
        self.made.append(Teller(self.greeting))
        return self.made[-1]


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The device's end of a connection, and ours."""
    device, ours = socket.socketpair()
    ours.setblocking(False)
    with device, ours:
        yield device, ours


def start(chardevs: Chardevs, *frontends: Echoes) -> None:
    """Attach front ends as a start does: they greet when all are there."""
    chardevs.starting = True
    for each in frontends:
        chardevs.find("m").attach(each)
    chardevs.started()


class Terminal:
    """Who is at the other side of the base."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def type(self, keys: bytes) -> None:
        self._socket.sendall(keys)

    def hang_up(self) -> None:
        """Type nothing more."""
        self._socket.shutdown(socket.SHUT_WR)

    async def shows(self, expected: bytes) -> None:
        """Read as much as is expected, which is to be the same."""
        got = b""
        async with asyncio.timeout(10):
            while len(got) < len(expected):
                piece = await asyncio.get_running_loop().sock_recv(self._socket, 4096)
                got += piece or b"<EOF>"
        assert got == expected


@pytest.fixture
async def terminal(chardevs: Chardevs, ends: tuple[socket.socket, socket.socket]) -> Terminal:
    """A multiplexer ``m`` is behind it."""
    device, ours = ends
    device.set_inheritable(True)  # as what is handed over
    address = {"type": "fd", "data": {"str": str(device.detach())}}
    chardevs.add("b", {"type": "socket", "data": {"addr": address, "server": False}})
    chardevs.add("m", {"type": "mux", "data": {"chardev": "b"}})
    return Terminal(ours)


async def test_the_last_one_has_the_focus(chardevs: Chardevs, terminal: Terminal) -> None:
    start(chardevs, Tellers(b"one ", wants_keys=True), Tellers(b"two ", wants_keys=True))
    await terminal.shows(b"two ")
    terminal.type(b"abc\x01\x01")
    await terminal.shows(b"abc\x01")


async def test_what_one_has_to_show_waits_for_the_focus(
    chardevs: Chardevs, terminal: Terminal
) -> None:
    start(chardevs, Tellers(b"one ", wants_keys=True), Tellers(b"two ", wants_keys=True))
    terminal.type(b"\x01c1\x01c2\x01c3")
    await terminal.shows(b"two >one 1><2><3")


async def test_one_that_does_not_show_keys_writes_always(
    chardevs: Chardevs, terminal: Terminal
) -> None:
    qmp = Tellers(b"{} ")
    start(chardevs, qmp, Tellers(b"hmp ", wants_keys=True))
    await terminal.shows(b"{} hmp ")
    qmp.made[0].transport.write(b"{event} ")
    terminal.type(b"a")
    await terminal.shows(b"{event} a")


async def test_keys_wait_for_who_does_not_read(chardevs: Chardevs, terminal: Terminal) -> None:
    one, two = Tellers(b"one "), Tellers(b"two ")
    start(chardevs, one, two)
    await terminal.shows(b"one two ")
    two.made[0].transport.pause_reading()
    terminal.type(b"x" * 20 + b"\x01c" + b"y" * 20 + b"\x01c" + b"z" * 40 + b"\x01c!")
    await terminal.shows(b"><" + b"y" * 20 + b"><")
    two.made[0].transport.resume_reading()
    await terminal.shows(b"x" * 20 + b"z" * 40 + b"><!")


async def test_help_and_times(chardevs: Chardevs, terminal: Terminal) -> None:
    chardevs.escape_key = 0x14
    chardevs.find("m").attach(Echoes(b"hi\n"))
    await terminal.shows(b"hi\n")
    # The key is the one of the time when the peer came.
    terminal.type(b"\x01ta\nb")
    await terminal.shows(b"a\n[00:00:00.000] b")


async def test_x_ends_the_machine(chardevs: Chardevs, terminal: Terminal) -> None:
    ended: list[str] = []
    chardevs.quit = lambda: ended.append("quit")
    chardevs.find("m").attach(Echoes(b"hi\n"))
    terminal.type(b"\x01x")
    await terminal.shows(b"hi\nQEMU: Terminated\n\r")
    assert ended == ["quit"]


async def test_there_are_four_at_most_and_a_place_that_is_left_is_free(
    chardevs: Chardevs, terminal: Terminal
) -> None:
    mux = chardevs.find("m")
    frontends = [Echoes(b"%d" % number) for number in range(4)]
    for each in frontends:
        mux.attach(each)
    said = r"too many uses of multiplexed chardev 'm' \(maximum is 4\)"
    with pytest.raises(QmpError, match=said):
        mux.attach(Echoes())
    await terminal.shows(b"0123")
    mux.detach(frontends[1])
    assert frontends[1].made[0].calls == ["lost"]
    mux.attach(Echoes(b"5"))
    await terminal.shows(b"5")


async def test_keys_wait_where_nobody_is(chardevs: Chardevs, terminal: Terminal) -> None:
    mux = chardevs.find("m")
    terminal.type(b"a\x01cb")
    echoes = Echoes(b"hi ")
    mux.attach(echoes)
    await terminal.shows(b"hi ab")
    mux.detach(echoes)
    terminal.type(b"c")
    mux.attach(Echoes(b"ho "))
    await terminal.shows(b"ho c")


async def test_the_base_is_the_multiplexers(chardevs: Chardevs, terminal: Terminal) -> None:
    with pytest.raises(QmpError, match="chardev 'b' is already in use"):
        chardevs.find("b").attach(Echoes())
    with pytest.raises(QmpError, match="Chardev 'b' is busy"):
        chardevs.remove("b")
    assert [each.info() for each in chardevs][1] == {
        "label": "m",
        "filename": "mux",
        "frontend-open": False,
    }
    echoes = Echoes(b"hi")
    chardevs.find("m").attach(echoes)
    assert all(each.frontend_open for each in chardevs)
    with pytest.raises(QmpError, match="Chardev 'm' is busy"):
        chardevs.remove("m")
    chardevs.find("m").detach(echoes)
    chardevs.remove("m")
    chardevs.find("b").attach(Echoes(b"alone"))
    await terminal.shows(b"hialone")


async def test_a_base_that_is_not_there(chardevs: Chardevs) -> None:
    with pytest.raises(QmpError, match="mux: base chardev nope not found"):
        chardevs.add("m", {"type": "mux", "data": {"chardev": "nope"}})
    assert chardevs.get("m") is None


async def test_when_all_are_done_so_is_the_base(chardevs: Chardevs, terminal: Terminal) -> None:
    one, two = Echoes(b"1"), Echoes(b"2")
    for each in (one, two):
        chardevs.find("m").attach(each)
    await terminal.shows(b"12")
    one.made[0].transport.close()
    terminal.type(b"a")
    await terminal.shows(b"a")
    two.made[0].transport.close()
    await terminal.shows(b"<EOF>")
    assert (one.made[0].calls, two.made[0].calls) == (["lost"], ["lost"])


async def test_a_yank_cuts_all_off(chardevs: Chardevs, terminal: Terminal) -> None:
    echoes = Echoes(b"hi")
    chardevs.find("m").attach(echoes)
    await terminal.shows(b"hi")
    chardevs.find("b").disconnect()
    await terminal.shows(b"<EOF>")
    assert echoes.made[0].calls == ["cut off", "lost"]


async def test_help_is_shown(chardevs: Chardevs, terminal: Terminal) -> None:
    chardevs.find("m").attach(Echoes(b""))
    terminal.type(b"\x01h")
    await terminal.shows(MuxKeys().help())


async def test_the_end_of_the_keys_is_told(chardevs: Chardevs, terminal: Terminal) -> None:
    one, two = Echoes(b"1"), Echoes(b"2")
    for each in (one, two):
        chardevs.find("m").attach(each)
    await terminal.shows(b"12")
    terminal.hang_up()
    await terminal.shows(b"<EOF>")
    assert (one.made[0].calls, two.made[0].calls) == (["lost"], ["lost"])


async def test_the_end_of_a_keyboard_is_told_to_all(chardevs: Chardevs, terminal: Terminal) -> None:
    one, two = Echoes(b"1"), Echoes(b"2")
    for each in (one, two):
        chardevs.find("m").attach(each)
    await terminal.shows(b"12")
    told: list[Echo] = []
    for each in (one, two):
        (protocol,) = each.made
        protocol.input_ended = lambda it=protocol: told.append(it)  # type: ignore[method-assign,misc]
    (peer,) = chardevs.find("b").peers
    peer.input_ended()  # as standard input ends, while standard output is read
    assert told == [one.made[0], two.made[0]]
    assert one.made[0].calls == two.made[0].calls == []


async def test_all_wait_for_who_does_not_read(chardevs: Chardevs, terminal: Terminal) -> None:
    mux = chardevs.find("m")
    one = Echoes(b"x" * 1_000_000)
    mux.attach(one)
    await wait_until_async(lambda: one.made and one.made[0].calls == ["pause"])
    two = Echoes(b"hi")
    mux.attach(two)
    await wait_until_async(lambda: two.made)
    assert two.made[0].calls == ["pause"]
    assert two.made[0].transport.get_write_buffer_size() > 0
    await terminal.shows(b"x" * 1_000_000 + b"hi")
    await wait_until_async(lambda: two.made[0].calls == ["pause", "resume"])
    assert one.made[0].calls == ["pause", "resume"]


async def test_front_ends_see_the_transport_of_the_base(
    chardevs: Chardevs, terminal: Terminal
) -> None:
    echoes = Echoes(b"hi")
    chardevs.find("m").attach(echoes)
    await terminal.shows(b"hi")
    transport = echoes.made[0].transport
    transport.set_write_buffer_limits(high=1)
    assert transport.get_extra_info("socket") is not None
    assert transport.get_extra_info("nope", 1) == 1
    transport.abort()
    transport.write(b"late")
    await terminal.shows(b"<EOF>")
    assert transport.get_extra_info("socket") is None
    assert transport.get_write_buffer_size() == 0
    transport.set_write_buffer_limits(high=1)


async def test_a_front_end_writes_at_its_end(chardevs: Chardevs, terminal: Terminal) -> None:
    class Leaver(Echo):
        def connection_lost(self, exc: Exception | None) -> None:
            self.transport.write(b"late")
            super().connection_lost(exc)

    class Leavers(Echoes):
        def connect(self) -> Echo:
            self.made.append(Leaver(self.greeting))
            return self.made[-1]

    echoes = Leavers(b"hi")
    mux = chardevs.find("m")
    mux.attach(echoes)
    await terminal.shows(b"hi")
    mux.detach(echoes)
    mux.attach(Echoes(b"ho"))
    await terminal.shows(b"ho")


async def test_a_front_end_may_stop_and_go_on_at_each_key(
    chardevs: Chardevs, terminal: Terminal
) -> None:
    class Halting(Echo):
        def data_received(self, data: bytes) -> None:
            self.transport.pause_reading()
            super().data_received(data)
            self.transport.resume_reading()

    class Haltings(Echoes):
        def connect(self) -> Echo:
            self.made.append(Halting(self.greeting))
            return self.made[-1]

    chardevs.find("m").attach(Haltings(b"hi "))
    terminal.type(b"a\x01\x01b\x01qc")
    await terminal.shows(b"hi a\x01bc")


async def test_at_the_start_one_greets(chardevs: Chardevs, terminal: Terminal) -> None:
    terminal.type(b"a\x01cb")
    start(chardevs, Tellers(b"one ", wants_keys=True), Tellers(b"two ", wants_keys=True))
    await terminal.shows(b"two a>one b")
    chardevs.find("m").attach(Tellers(b"three ", wants_keys=True))
    await terminal.shows(b">three ")


async def test_one_on_another_is_open_once_somebody_reads(chardevs: Chardevs) -> None:
    chardevs.add("base", {"type": "null", "data": {}})
    chardevs.add("lower", {"type": "mux", "data": {"chardev": "base"}})
    chardevs.add("upper", {"type": "mux", "data": {"chardev": "lower"}})
    base, lower = chardevs.find("base"), chardevs.find("lower")
    assert (base.frontend_open, lower.frontend_open) == (False, False)
    chardevs.find("upper").attach(Echoes())
    assert (base.frontend_open, lower.frontend_open) == (True, True)
