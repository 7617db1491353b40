"""TLS on sockets, with Python's own client and server at the other end."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any, ClassVar

import pytest

from qmp_iothreadd.chardev.chardevs import Chardevs
from qmp_iothreadd.chardev.socket import ChardevSocket
from qmp_iothreadd.chardev.tls import distinguished_name
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qom.object import Object, Property
from qmp_iothreadd.qom.types import TypeRegistry
from tests.chardev.echoes import Echoes
from tests.chardev.websocket_client import frame, request, unframed

CERTIFICATES = Path(__file__).parent / "tls"
CLIENT = "C=GB,L=London,O=Ex\\, Ample,CN=client"


def context(side: str) -> ssl.SSLContext:
    """That of one side, which believes the other."""
    purpose = ssl.Purpose.CLIENT_AUTH if side == "server" else ssl.Purpose.SERVER_AUTH
    made = ssl.create_default_context(purpose, cafile=CERTIFICATES / "ca-cert.pem")
    made.load_cert_chain(CERTIFICATES / f"{side}-cert.pem", CERTIFICATES / f"{side}-key.pem")
    made.verify_mode = ssl.CERT_REQUIRED
    return made


class Creds(Object):
    """As much of credentials as a socket sees."""

    qom_name = "tls-creds"
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("endpoint", "QCryptoTLSCredsEndpoint", lambda creds: creds.endpoint),
    )
    endpoint = ""

    def context(self) -> ssl.SSLContext:
        return context(self.endpoint)


class Authz(Object):
    """Allows one name."""

    qom_name = "authz"
    qom_properties: ClassVar[tuple[Property, ...]] = ()
    allowed = ""

    def is_allowed(self, identity: str) -> bool:
        return identity == self.allowed


@pytest.fixture(autouse=True)
def objects(chardevs: Chardevs) -> None:
    """Credentials for both sides, who may come, and something else."""
    types = TypeRegistry()
    found: dict[str, Object] = {"o": Object(types.add(Object))}
    for side in ("server", "client"):
        creds = found[side] = Creds(types.add(Creds))
        creds.endpoint = side
    for name, allowed in (("us", CLIENT), ("others", "CN=nobody")):
        authz = found[name] = Authz(types.add(Authz))
        authz.allowed = allowed
    chardevs.find_object = found.get


def tls(port: int = 0, **data: Any) -> dict[str, Any]:
    address = {"type": "inet", "data": {"host": "127.0.0.1", "port": str(port)}}
    members = {name.replace("_", "-"): value for name, value in data.items()}
    return {"type": "socket", "data": {"addr": address, **members}}


def serve(chardevs: Chardevs, **data: Any) -> int:
    """A server whose front end greets. Returns its port."""
    made = chardevs.add("c", tls(tls_creds="server", **data))
    made.attach(Echoes(b"hi\n"))
    assert isinstance(made, ChardevSocket)
    return int(made.address["port"])


async def talk(port: int, expected: bytes, *, said: bytes = b"") -> None:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context("client"), server_hostname="localhost"
    )
    async with asyncio.timeout(10):
        writer.write(said)
        assert await reader.read(len(expected) or 1) == expected
    writer.close()
    await writer.wait_closed()


async def test_a_server_talks_to_who_shows_a_certificate(chardevs: Chardevs) -> None:
    port = serve(chardevs)
    for _ in range(2):
        await talk(port, b"hi\n")


async def test_who_shakes_no_hands_is_not_greeted(chardevs: Chardevs) -> None:
    port = serve(chardevs)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(10):
        writer.write(b'{"execute": "qmp_capabilities"}\n')
        assert b"hi" not in await reader.read()
    writer.close()
    await talk(port, b"hi\n")


@pytest.mark.parametrize(
    ("authz", "expected"), [("us", b"hi\n"), ("others", b""), ("nope", b""), ("o", b"")]
)
async def test_a_name_may_have_to_be_allowed(
    chardevs: Chardevs, authz: str, expected: bytes
) -> None:
    await talk(serve(chardevs, tls_authz=authz), expected)


async def test_a_websocket_is_inside(chardevs: Chardevs) -> None:
    port = serve(chardevs, websocket=True)
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context("client"), server_hostname="localhost"
    )
    async with asyncio.timeout(10):
        writer.write(request() + frame(b"abc"))
        await reader.readuntil(b"\r\n\r\n")
        assert unframed(await reader.readexactly(10)) == [(2, b"hi\n"), (2, b"abc")]
    writer.close()
    await writer.wait_closed()


async def test_a_client_checks_who_it_talks_to(chardevs: Chardevs) -> None:
    done = asyncio.get_running_loop().create_future()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        done.set_result(await reader.readline())
        writer.close()

    listening = socket.create_server(("127.0.0.1", 0))  # by name, uvloop would start threads
    server = await asyncio.start_server(answer, sock=listening, ssl=context("server"))
    port = server.sockets[0].getsockname()[1]
    made = chardevs.add("c", tls(port, tls_creds="client", server=False))
    made.attach(Echoes(b"hi\n"))
    async with asyncio.timeout(10):
        assert await done == b"hi\n"
        while made.peers:
            await asyncio.sleep(0.005)
    server.close()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"tls_creds": "nope"}, "No TLS credentials with id 'nope'"),
        ({"tls_creds": "o"}, "Object with id 'o' is not TLS credentials"),
        ({"tls_creds": "client"}, "Expected TLS credentials for a server endpoint"),
        (
            {"tls_creds": "server", "server": False},
            "Expected TLS credentials for a client endpoint",
        ),
        ({"tls_authz": "us"}, "'tls_authz' option requires 'tls_creds' option"),
    ],
)
async def test_what_cannot_be(chardevs: Chardevs, data: dict[str, Any], said: str) -> None:
    with pytest.raises(QmpError, match=said):
        chardevs.add("c", tls(**data))


async def test_it_is_not_for_unix_sockets(chardevs: Chardevs, tmp_path: Path) -> None:
    address = {"type": "unix", "data": {"path": str(tmp_path / "s")}}
    said = "'tls_creds' option is incompatible with 'unix' address type"
    with pytest.raises(QmpError, match=said):
        chardevs.add("c", {"type": "socket", "data": {"addr": address, "tls-creds": "server"}})


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ((), ""),
        (((("countryName", "GB"),), (("commonName", "a b"),)), "C=GB,CN=a b"),
        (((("commonName", "a"), ("userId", "b")),), "CN=a+UID=b"),
        (((("commonName", ' a,b"c '),),), 'CN=\\ a\\,b\\"c\\ '),
        (((("serialNumber", "#1"),),), "serialNumber=\\#1"),
    ],
)
def test_names_are_written_as_gnutls_does(subject: Any, name: str) -> None:
    assert distinguished_name(subject) == name


async def test_who_does_not_read_is_waited_for(chardevs: Chardevs) -> None:
    made: Any = chardevs.add("c", tls(tls_creds="server"))
    echoes = Echoes(b"x" * 5_000_000)
    made.attach(echoes)
    client = socket.socket()
    # Unless it is said, the system lets this buffer grow, on some machines to more than is sent.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    client.connect(("127.0.0.1", int(made.address["port"])))
    reader, writer = await asyncio.open_connection(
        sock=client, ssl=context("client"), server_hostname="localhost"
    )
    async with asyncio.timeout(10):
        while not (echoes.made and hasattr(echoes.made[0], "transport")):
            await asyncio.sleep(0.005)
        # What the client does not read fills its own buffers and the system's, and then ours.
        echoes.made[0].transport.write(b"x" * 25_000_000)
        while echoes.made[0].calls != ["pause"]:
            await asyncio.sleep(0.005)
        assert len(await reader.readexactly(30_000_000)) == 30_000_000
        while echoes.made[0].calls != ["pause", "resume"]:
            await asyncio.sleep(0.005)
    writer.close()
    await writer.wait_closed()


async def test_who_says_nothing_is_left_when_the_device_goes(chardevs: Chardevs) -> None:
    port = serve(chardevs)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(10):
        while not any(each.peers for each in chardevs):
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)  # the handshake is waited for
        chardevs.close()
        await chardevs.drained()
        assert await reader.read() == b""
    writer.close()
