"""Secrets: data that other objects use by its id, which can be encrypted by another secret.

The texts and the order of checks are those of QEMU's crypto/secret_common and crypto/secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.json import base64_text
from qmp_iothreadd.machine.objects import aes
from qmp_iothreadd.machine.objects.files import read_file
from qmp_iothreadd.qom.configurable import ConfigurableObject, Setting
from qmp_iothreadd.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from qmp_iothreadd.qom.object import Object, ObjectType


class SecretCommon(ConfigurableObject):
    """What is read once, when the object is made; properties that are set later change nothing."""

    __slots__ = ("raw",)

    qom_name = "secret_common"
    struct = "SecretCommonProperties"
    abstract = True
    interfaces = (USER_CREATABLE,)
    settings: ClassVar[dict[str, Setting]] = {"format": Setting("raw")}

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self.raw: bytes | None = None

    def read(self) -> bytes:
        """The data as it was given.

        Raises:
            QmpError: it cannot be had.
        """
        raise NotImplementedError

    def complete(self) -> None:
        """Read, decode and decrypt the data."""
        data = self.read()
        if self.load("keyid") is not None:
            data = self._decrypt(data)
        elif self.load("format") == "base64":
            data = _decode(data)
        self.raw = data

    def _decrypt(self, data: bytes) -> bytes:
        key = lookup(self, self.load("keyid"))
        if len(key) != aes.KEY:
            raise errors.wrong_key_length()
        if self.load("iv") is None:
            raise errors.iv_missing()
        iv = base64_text.decode(self.load("iv"))
        if len(iv) != aes.BLOCK:
            raise errors.wrong_iv_length(len(iv))
        if self.load("format") == "base64":
            data = _decode(data)
        if len(data) % aes.BLOCK:
            raise errors.not_whole_blocks(len(data), aes.BLOCK)
        if not data:
            return data
        plain = aes.decrypt_cbc(key, iv, data)
        padding = plain[-1]
        if padding > aes.BLOCK:
            raise errors.wrong_padding(padding)
        return plain[: len(plain) - padding]


class Secret(SecretCommon):
    """A secret from the command, or from a file."""

    __slots__ = ()

    qom_name = "secret"
    settings: ClassVar[dict[str, Setting]] = SecretCommon.settings

    def read(self) -> bytes:
        """The data that was given, or that of the file."""
        data, path = self.load("data"), self.load("file")
        if path is None:
            if data is None:
                raise errors.secret_without_source()
            return str(data).encode("utf-8", "surrogateescape")
        if data is not None:
            raise errors.secret_with_two_sources()
        try:
            return read_file(path)
        except errors.QmpError as error:
            raise errors.secret_file_unreadable(path, error.desc) from None


def lookup(user: Object, name: str) -> bytes:
    """The data of a secret that ``user``, an object beside it, names.

    Raises:
        QmpError: there is no such secret, or none that is complete.
    """
    found = user.sibling(name)
    if found is None:
        raise errors.no_such_secret(name)
    if not isinstance(found, SecretCommon):
        raise errors.not_a_secret(name)
    if found.raw is None:
        raise errors.secret_without_data(name)
    return found.raw


def lookup_text(user: Object, name: str) -> str:
    """Like ``lookup``, as text."""
    try:
        return lookup(user, name).decode()
    except UnicodeDecodeError:
        raise errors.secret_not_utf8(name) from None


def _decode(data: bytes) -> bytes:
    return base64_text.decode(data.decode("latin-1"))
