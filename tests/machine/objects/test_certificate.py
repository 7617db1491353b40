"""What a certificate says of itself."""

from __future__ import annotations

import base64
import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.machine.objects import certificate
from qmp_iothreadd.machine.objects.certificate import Certificate, certificates
from tests.machine.objects.certificate_files import SERVER, Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority") / "ca")


def only(pem: str) -> Certificate:
    [found] = certificates(pem.encode())
    return found


def test_its_times_uses_and_purposes_are_read(authority: Authority) -> None:
    found = only(authority.sign(SERVER)[0])
    assert found.not_before == datetime(2020, 1, 1, tzinfo=UTC)
    assert found.not_after == datetime(2048, 1, 1, tzinfo=UTC)
    assert found.is_authority is False
    assert found.usage == certificate.DIGITAL_SIGNATURE | certificate.KEY_ENCIPHERMENT
    assert found.purposes == frozenset((certificate.SERVER,))
    assert found.usage_is_critical
    assert found.purposes_are_critical


def test_an_authority_says_so(authority: Authority) -> None:
    found = only(authority.certificate)
    assert (found.is_authority, found.usage, found.purposes) == (True, None, None)


def test_times_after_2049_are_written_otherwise(authority: Authority) -> None:
    signed, _ = authority.sign(SERVER, ("20200101000000Z", "20990101000000Z"))
    assert only(signed).not_after.year == 2099


def test_what_does_not_say_has_no_limits(authority: Authority) -> None:
    found = only(authority.sign("subjectAltName=DNS:localhost")[0])
    assert found.is_authority is None


def test_other_text_in_a_file_is_skipped(authority: Authority) -> None:
    text = f"x\n{authority.certificate}y\n{authority.certificate}"
    assert len(list(certificates(text.encode()))) == 2
    assert list(certificates(b"nothing")) == []


@pytest.mark.parametrize(
    "der",
    [
        "30023000",  # no fields
        "300e300c020100020100020100020100",
        "3010300e" + "0201003000300030003000300002",
        "3011300f" + "020100300030003000300030003000",
    ],
)
def test_what_lacks_something_is_no_certificate(der: str) -> None:
    with pytest.raises(ValueError, match=r"missing|validity|cut off"):
        Certificate(bytes.fromhex(der))


def test_other_base64_is_no_certificate() -> None:
    with pytest.raises(ValueError, match="base64"):
        only("-----BEGIN CERTIFICATE-----\nAAAAA\n-----END CERTIFICATE-----")


def test_times_and_extensions_have_their_forms(authority: Authority) -> None:
    lines = authority.certificate.splitlines()
    der = base64.b64decode("".join(lines[1:-1]))
    with pytest.raises(ValueError, match="not a time"):
        Certificate(der.replace(b"\x17\x0d", b"\x16\x0d", 1))
    constraints = bytes.fromhex("0603551d13")
    assert constraints in der
    with pytest.raises(ValueError, match="not an extension"):
        Certificate(der.replace(constraints, bytes.fromhex("0500060155"), 1))


@given(st.binary(max_size=300))
def test_anything_else_is_no_certificate(der: bytes) -> None:
    body = base64.b64encode(der).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----"
    with pytest.raises(ValueError, match=r"cut off|bad length|expected|missing|validity|time"):
        only(pem)


@given(data=st.data())
def test_a_damaged_certificate_is_read_or_refused(
    authority: Authority, data: st.DataObject
) -> None:
    lines = authority.certificate.splitlines()
    der = bytearray(base64.b64decode("".join(lines[1:-1])))
    for _ in range(data.draw(st.integers(1, 4))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ValueError):
        Certificate(bytes(der))
