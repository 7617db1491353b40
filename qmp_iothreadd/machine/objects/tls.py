"""Credentials for TLS. Sockets use them by ``context``.

The checks are those of QEMU's crypto/tlscreds*, in their order. QEMU has GnuTLS, and this has what
Python's ``ssl`` has: of priority strings, only versions are understood.
"""

from __future__ import annotations

import os
import ssl
import sys
from typing import TYPE_CHECKING, ClassVar, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.objects.files import read_file, reason
from qmp_iothreadd.qom.configurable import ConfigurableObject, Setting
from qmp_iothreadd.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from qmp_iothreadd.qom.object import ObjectType

_VERSIONS: Final = {
    "TLS1.0": ssl.TLSVersion.TLSv1,
    "TLS1.1": ssl.TLSVersion.TLSv1_1,
    "TLS1.2": ssl.TLSVersion.TLSv1_2,
    "TLS1.3": ssl.TLSVersion.TLSv1_3,
}
# Words that begin a priority string and leave the choice to the library.
_DEFAULTS: Final = ("NORMAL", "DEFAULT", "SYSTEM", "@SYSTEM", "@QEMU,SYSTEM")
_PSK_USER: Final = "qemu"


class TlsCreds(ConfigurableObject):
    """Credentials of some kind."""

    __slots__ = ()

    qom_name = "tls-creds"
    struct = "TlsCredsProperties"
    abstract = True
    interfaces = (USER_CREATABLE,)
    settings: ClassVar[dict[str, Setting]] = {
        "verify-peer": Setting(True),
        "dir": Setting(),
        "endpoint": Setting("client"),
        "priority": Setting(),
    }

    @property
    def is_server(self) -> bool:
        """Whether they are for the end that is connected to."""
        return bool(self.load("endpoint") == "server")

    def context(self) -> ssl.SSLContext:
        """How to talk, and whom to believe.

        Raises:
            QmpError: such credentials cannot be used.
        """
        raise errors.tls_creds_without_session(self.type.name)

    def new_context(self) -> ssl.SSLContext:
        """A context for this end that believes anybody."""
        kind = ssl.PROTOCOL_TLS_SERVER if self.is_server else ssl.PROTOCOL_TLS_CLIENT
        context = ssl.SSLContext(kind)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def limit(self, context: ssl.SSLContext) -> None:
        """Allow just the versions that ``priority`` does.

        Raises:
            QmpError: it says what cannot be done.
        """
        if self.load("priority") is not None:
            _limit_versions(context, self.load("priority"))

    def file(self, name: str, *, required: bool) -> str | None:
        """The path of a file of the credentials; None where there is none and need not be one.

        Raises:
            QmpError: there is no folder, or no such file.
        """
        if self.load("dir") is None:
            raise errors.tls_dir_missing()
        path = f"{self.load('dir')}/{name}"
        try:
            os.stat(path)
        except (OSError, ValueError) as error:
            if not required and isinstance(error, FileNotFoundError):
                return None
            raise errors.credentials_inaccessible(path, reason(error)) from None
        return path


class TlsCredsAnon(TlsCreds):
    """Neither end says who it is."""

    __slots__ = ()

    qom_name = "tls-creds-anon"

    def context(self) -> ssl.SSLContext:
        """Talk to anybody."""
        context = self.new_context()
        self.limit(context)
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # later ones have nothing anonymous
        context.set_ciphers("aNULL:@SECLEVEL=0")
        return context


class TlsCredsPsk(TlsCreds):
    """Both ends know a key."""

    __slots__ = ("_keys",)

    qom_name = "tls-creds-psk"

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self._keys: dict[str, bytes] = {}

    def complete(self) -> None:
        """Read the keys."""
        if self.load("dir") is None:
            raise errors.tls_dir_missing()
        if self.is_server and self.load("username") is not None:
            raise errors.psk_username_of_server()
        path = self.file("keys.psk", required=True)
        assert path is not None
        try:
            keys = _read_keys(read_file(path))
        except errors.QmpError as error:
            raise errors.psk_file_unreadable(path, error.desc) from None
        if not self.is_server and self._user not in keys:
            raise errors.psk_username_unknown(self._user, path)
        self._keys = keys

    @property
    def _user(self) -> str:
        return str(self.load("username") or _PSK_USER)

    def context(self) -> ssl.SSLContext:
        """Talk to those who know a key."""
        if sys.version_info < (3, 13):
            raise errors.psk_unsupported()
        context = self.new_context()
        self.limit(context)
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # with later ones OpenSSL wants more
        context.set_ciphers("PSK")
        keys = self._keys
        if self.is_server:
            context.set_psk_server_callback(lambda name: keys.get(name or "", b""))
        else:
            user = self._user
            context.set_psk_client_callback(lambda hint: (user, keys[user]))
        return context


class TlsCipherSuites(TlsCreds):
    """Cipher suites for a guest's firmware."""

    __slots__ = ()

    qom_name = "tls-cipher-suites"

    def complete(self) -> None:
        """Refuse to be without a priority."""
        if self.load("priority") is None:
            raise errors.tls_priority_unset()


def _read_keys(data: bytes) -> dict[str, bytes]:
    """The keys by their users; lines that are none are left out, as by GnuTLS."""
    keys: dict[str, bytes] = {}
    for line in data.decode("utf-8", "replace").splitlines():
        name, separator, text = line.partition(":")
        if separator:
            try:
                keys.setdefault(name, bytes.fromhex(text))
            except ValueError:
                continue
    return keys


def _limit_versions(context: ssl.SSLContext, priority: str) -> None:
    first, *words = priority.split(":")
    allowed = set(_VERSIONS)
    if first not in _DEFAULTS:
        raise errors.tls_priority_unsupported(priority)
    for word in words:
        sign, kind, version = word[:1], word[1:6], word[6:]
        named = set(_VERSIONS) if version in ("ALL", "TLS-ALL") else {version}
        if kind != "VERS-" or not named <= set(_VERSIONS) or sign not in "+-!":
            raise errors.tls_priority_unsupported(priority)
        allowed = allowed | named if sign == "+" else allowed - named
    versions = [_VERSIONS[name] for name in _VERSIONS if name in allowed]
    if not versions:
        raise errors.tls_priority_unsupported(priority)
    context.minimum_version = max(versions[0], context.minimum_version)
    context.maximum_version = versions[-1]
