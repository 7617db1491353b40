"""Secrets: where they come from, how they are written, who decrypts them."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.objects import linux
from qmp_iothreadd.machine.objects.keyring import read_key
from qmp_iothreadd.machine.objects.secrets import SecretCommon, lookup, lookup_text
from qmp_iothreadd.testing import MemoryClient, make_machine

KEY = bytes(range(32))
IV = bytes(16)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def encrypted(data: bytes) -> str:
    openssl = ["openssl", "enc", "-aes-256-cbc", "-K", KEY.hex(), "-iv", IV.hex()]
    done = subprocess.run(openssl, input=data, stdout=subprocess.PIPE, check=True)
    return encoded(done.stdout)


def raw(client: MemoryClient, id: str = "o") -> bytes | None:
    found = client.machine.find_object(id)
    assert isinstance(found, SecretCommon)
    return found.raw


def test_a_secret_is_what_was_given(client: MemoryClient, add: Callable[..., None]) -> None:
    add("secret", data="caf\u00e9")
    assert raw(client) == "caf\u00e9".encode()


def test_a_secret_is_read_from_a_file(
    client: MemoryClient, add: Callable[..., None], tmp_path: Path
) -> None:
    (tmp_path / "s").write_bytes(b"\xff\x00\n")
    add("secret", file=str(tmp_path / "s"))
    assert raw(client) == b"\xff\x00\n"


def test_a_pipe_is_a_file_too(client: MemoryClient, add: Callable[..., None]) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"piped")
    os.close(writer)
    add("secret", file=f"/dev/fd/{reader}")
    os.close(reader)
    assert raw(client) == b"piped"


def test_properties_that_are_set_later_change_nothing(
    client: MemoryClient, add: Callable[..., None], put: Callable[..., str | None]
) -> None:
    add("secret", data="a")
    assert put("data", "b") is None
    assert raw(client) == b"a"


@settings(max_examples=25)
@given(st.binary(max_size=70), st.sampled_from(["raw", "base64"]))
def test_any_data_comes_back_from_either_format_and_from_encryption(data: bytes, form: str) -> None:
    machine = make_machine()
    try:
        machine.add_object("secret", "key", {"data": encoded(KEY), "format": "base64"})
        machine.add_object("secret", "plain", {"data": encoded(data), "format": "base64"})
        options = {"keyid": "key", "iv": encoded(IV), "format": "base64"}
        made = machine.add_object("secret", "hidden", {"data": encrypted(data), **options})
        assert lookup(made, "hidden") == lookup(made, "plain") == data
        if form == "raw":
            with pytest.raises(QmpError):
                machine.add_object("secret", "bad", {"data": "x", "keyid": "key", "iv": "AA=="})
    finally:
        machine.close()


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({}, "Either 'file' or 'data' must be provided"),
        ({"data": "a", "file": "b"}, "'file' and 'data' are mutually exclusive"),
        (
            {"file": "/nonexistent"},
            "Unable to read /nonexistent: "
            "Failed to open file \u201c/nonexistent\u201d: No such file or directory",
        ),
        ({"file": "/"}, "Unable to read /: Error reading file \u201c/\u201d: Is a directory"),
        ({"data": "!!", "format": "base64"}, "Base64 data contains invalid characters"),
        ({"data": "a", "keyid": "none"}, "No secret with id 'none'"),
        ({"data": "a", "keyid": "o"}, "Secret with id 'o' has no data"),
        ({"data": "a", "keyid": "other"}, "Object with id 'other' is not a secret"),
        ({"data": "a", "keyid": "short"}, "Key should be 32 bytes in length"),
        ({"data": "a", "keyid": "key"}, "IV is required to decrypt secret"),
        ({"data": "a", "keyid": "key", "iv": "AAAA"}, "IV should be 16 bytes in length not 3"),
        (
            {"data": "a", "keyid": "key", "iv": encoded(IV)},
            "Length 1 must be a multiple of block size 16",
        ),
        (
            {
                "data": encoded(bytes([1] * 16)),
                "format": "base64",
                "keyid": "key",
                "iv": encoded(IV),
            },
            "Incorrect number of padding bytes (182) found on decrypted data",
        ),
    ],
)
def test_what_is_no_secret_is_refused(
    add: Callable[..., None], refused: Callable[..., str], properties: dict[str, Any], said: str
) -> None:
    add("secret", "key", data=encoded(KEY), format="base64")
    add("secret", "short", data="x")
    add("rng-builtin", "other")
    assert refused("secret", **properties) == said


def test_a_password_is_text(client: MemoryClient, add: Callable[..., None]) -> None:
    add("secret", data="p\u00e4ss")
    add("secret", "bytes", data="/w==", format="base64")
    user = client.machine.find_object("o")
    assert user is not None
    assert lookup_text(user, "o") == "p\u00e4ss"
    with pytest.raises(QmpError, match="Data from secret bytes is not valid UTF-8"):
        lookup_text(user, "bytes")


def test_a_key_of_the_kernel_is_read(client: MemoryClient, refused: Callable[..., str]) -> None:
    assert refused("secret_keyring", serial=0) == "'serial' should not be equal to 0"
    assert refused("secret_keyring", serial=-1).startswith("Unable to read serial key ffffffff: ")


def test_a_key_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux, "call", lambda *_: 1 << 40)
    with pytest.raises(OSError, match="File too large"):
        read_key(1)


def test_nothing_is_decrypted_to_nothing(client: MemoryClient, add: Callable[..., None]) -> None:
    add("secret", "key", data=encoded(KEY), format="base64")
    add("secret", data="", keyid="key", iv=encoded(IV))
    assert raw(client) == b""


def test_a_key_that_grows_meanwhile_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = iter([2, 5, 5])

    def call(name: str, *arguments: Any) -> int:
        buffer = arguments[2]
        if buffer is not None and len(buffer) >= 5:
            buffer[:5] = b"12345"
        return next(sizes)

    monkeypatch.setattr(linux, "call", call)
    assert read_key(1) == b"12345"
