"""TLS on sockets: whose credentials, and who may connect."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol, cast

from qmp_iothreadd import errors

if TYPE_CHECKING:
    from qmp_iothreadd.chardev.chardev import Devices

_SHORT_NAMES = {
    "commonName": "CN",
    "countryName": "C",
    "domainComponent": "DC",
    "emailAddress": "EMAIL",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "stateOrProvinceName": "ST",
    "streetAddress": "STREET",
    "userId": "UID",
}
# RFC 4514: characters that mean something, and spaces and # where they would be lost.
_SPECIAL = re.compile(r'[,+"\\<>;]|^[ #]| $')


class Credentials(Protocol):
    """What an object of type ``tls-creds`` is for sockets; its property ``endpoint`` says which."""

    def context(self) -> ssl.SSLContext:
        """How to talk, and whom to believe.

        Raises:
            QmpError: such credentials cannot be used.
        """


class Authorizer(Protocol):
    """What an object of type ``authz`` is for sockets."""

    def is_allowed(self, identity: str) -> bool:
        """Whether a client with this distinguished name may come."""


class TLS:
    """What a socket needs to know for its connections."""

    def __init__(
        self, devices: Devices, creds: str, authz: str | None, *, server: bool, host: str
    ) -> None:
        """``creds`` and ``authz`` name objects; ``host`` is whom a client expects.

        Raises:
            QmpError: there are no such credentials, or they are for the other side.
        """
        self._devices = devices
        self._authz = authz
        self._server = server
        self._host = host
        self._context = _find_credentials(devices, creds, server=server).context()

    async def start(
        self, loop: asyncio.AbstractEventLoop, sock: Any, protocol: asyncio.Protocol
    ) -> None:
        """Shake hands, and let the protocol begin where the other side may come.

        Raises:
            OSError: the handshake failed.
        """
        gate = _Gate(protocol, self._may_come)
        if self._server:
            await loop.connect_accepted_socket(lambda: gate, sock, ssl=self._context)
        else:
            await loop.create_connection(
                lambda: gate, sock=sock, ssl=self._context, server_hostname=self._host
            )

    def _may_come(self, transport: asyncio.BaseTransport) -> bool:
        # As in QEMU nobody is asked about clients that need not show a certificate.
        if self._authz is None or self._context.verify_mode == ssl.CERT_NONE:
            return True
        authorizer = self._devices.find_object(self._authz)
        if authorizer is None or not authorizer.type.implements("authz"):
            return False
        certificate = transport.get_extra_info("peercert") or {}
        name = distinguished_name(certificate.get("subject", ()))
        return cast(Authorizer, authorizer).is_allowed(name)


class _Gate(asyncio.Protocol):
    """Lets a protocol begin, or closes. TLS ends both ways at once."""

    def __init__(
        self, protocol: asyncio.Protocol, may_come: Callable[[asyncio.BaseTransport], bool]
    ) -> None:
        self._protocol = protocol
        self._may_come = may_come
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._open = self._may_come(transport)
        if self._open:
            self._protocol.connection_made(transport)
        else:
            cast(asyncio.Transport, transport).abort()

    def data_received(self, data: bytes) -> None:
        if self._open:
            self._protocol.data_received(data)

    def eof_received(self) -> None:
        if self._open:
            self._protocol.eof_received()

    def pause_writing(self) -> None:
        if self._open:
            self._protocol.pause_writing()

    def resume_writing(self) -> None:
        if self._open:
            self._protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)


def distinguished_name(subject: Iterable[Iterable[tuple[str, str]]]) -> str:
    """A certificate's subject, as Python's ssl has it, as GnuTLS writes it: ``C=GB,CN=client``."""
    return ",".join(
        [
            "+".join([f"{_SHORT_NAMES.get(name, name)}={_escaped(value)}" for name, value in each])
            for each in subject
        ]
    )


def _escaped(value: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", value)


def _find_credentials(devices: Devices, name: str, *, server: bool) -> Credentials:
    found = devices.find_object(name)
    if found is None:
        raise errors.tls_creds_not_found(name)
    if not found.type.implements("tls-creds"):
        raise errors.not_tls_creds(name)
    endpoint = "server" if server else "client"
    if found.get_property("endpoint") != endpoint:
        raise errors.tls_creds_endpoint(endpoint)
    return cast(Credentials, found)
