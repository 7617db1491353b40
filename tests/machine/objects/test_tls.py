"""Credentials: what is refused, and that what is taken works."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.objects import tls_x509
from qmp_iothreadd.machine.objects.tls import TlsCreds
from qmp_iothreadd.testing import MemoryClient
from tests.machine.objects.certificate_files import CLIENT, SERVER, Authority, credentials

Add = Callable[..., None]
Refused = Callable[..., str]
KEYS = "# comment\nqemu:0123456789abcdef\nbob:aabb\nbad:xyz\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority") / "ca")


@pytest.fixture
def good(authority: Authority, tmp_path: Path) -> dict[str, str]:
    server_cert, server_key = authority.sign(f"{SERVER}\nsubjectAltName=DNS:localhost")
    client_cert, client_key = authority.sign(CLIENT)
    return {
        "ca_cert": authority.certificate,
        "server_cert": server_cert,
        "server_key": server_key,
        "client_cert": client_cert,
        "client_key": client_key,
    }


def context(client: MemoryClient, id: str) -> ssl.SSLContext:
    return cast("TlsCreds", client.machine.find_object(id)).context()


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> str | None:
    """Shake hands over no wire; the version that both speak."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    far = server.wrap_bio(to_server, to_client, server_side=True)
    for end in (near, far) * 4:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    near.write(b"x")
    assert far.read() == b"x"
    return near.version()


def test_certificates_are_used(
    client: MemoryClient, add: Add, good: dict[str, str], tmp_path: Path
) -> None:
    folder = credentials(tmp_path / "c", **good)
    add("tls-creds-x509", "s", dir=folder, endpoint="server")
    add("tls-creds-x509", "c", dir=folder, priority="NORMAL:-VERS-TLS1.3")
    assert shake_hands(context(client, "s"), context(client, "c")) == "TLSv1.2"


def test_a_client_without_a_certificate_is_not_let_in(
    client: MemoryClient, add: Add, good: dict[str, str], tmp_path: Path
) -> None:
    folder = credentials(tmp_path / "c", **good)
    bare = credentials(tmp_path / "b", ca_cert=good["ca_cert"])
    add("tls-creds-x509", "s", dir=folder, endpoint="server")
    add("tls-creds-x509", "c", dir=bare)
    with pytest.raises(ssl.SSLError):
        shake_hands(context(client, "s"), context(client, "c"))
    add("tls-creds-x509", "any", dir=folder, endpoint="server", verify_peer=False)
    assert shake_hands(context(client, "any"), context(client, "c"))


def test_a_client_whose_certificate_is_revoked_is_not_let_in(
    client: MemoryClient, add: Add, authority: Authority, good: dict[str, str], tmp_path: Path
) -> None:
    revoked = authority.revoke(good["client_cert"])
    server = credentials(tmp_path / "s", **good, ca_crl=revoked)
    add("tls-creds-x509", "s", dir=server, endpoint="server")
    add("tls-creds-x509", "c", dir=credentials(tmp_path / "c", **good))
    with pytest.raises(ssl.SSLCertVerificationError, match="revoked"):
        shake_hands(context(client, "s"), context(client, "c"))


@pytest.mark.parametrize("priority", ["NONE", "NORMAL:-VERS-ALL", "NORMAL:-VERS-TLS9"])
def test_a_priority_that_leaves_nothing_is_refused(
    client: MemoryClient, add: Add, priority: str
) -> None:
    add("tls-creds-anon", "a", priority=priority)
    with pytest.raises(QmpError, match="The request is invalid"):
        context(client, "a")


@pytest.mark.parametrize(
    ("extensions", "said"),
    [
        ("subjectAltName=DNS:x", "is missing basic constraints for a CA"),
        (
            "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature",
            "usage does not permit certificate signing",
        ),
    ],
)
def test_an_authority_that_is_none_is_refused(
    refused: Refused, tmp_path: Path, extensions: str, said: str
) -> None:
    other = Authority(tmp_path / "other", extensions)
    folder = credentials(tmp_path / "c", ca_cert=other.certificate)
    assert refused("tls-creds-x509", dir=folder).endswith(said)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ca_cert", "Cannot load CA certificate '{}/ca-cert.pem': Base64 unexpected header error."),
        ("ca_crl", "Cannot load CRL '{}/ca-crl.pem': Base64 unexpected header error."),
    ],
)
def test_what_is_not_looked_at_has_to_be_loaded(
    refused: Refused, good: dict[str, str], tmp_path: Path, name: str, said: str
) -> None:
    folder = credentials(tmp_path / "c", **{**good, name: "garbage"})
    found = refused("tls-creds-x509", dir=folder, endpoint="server", sanity_check=False)
    assert found == said.format(folder)


def test_damaged_certificates_are_refused(
    refused: Refused, good: dict[str, str], tmp_path: Path
) -> None:
    damaged = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    folder = credentials(tmp_path / "s", **{**good, "server_cert": damaged})
    said = refused("tls-creds-x509", dir=folder, endpoint="server")
    assert said.endswith("ASN1 parser: Error in DER parsing.")
    folder = credentials(tmp_path / "c", **{**good, "ca_cert": damaged})
    said = f"Unable to import CA certificate list {folder}/ca-cert.pem"
    assert refused("tls-creds-x509", dir=folder, endpoint="server") == said


def test_openssls_findings_have_words() -> None:
    assert tls_x509.why_not(26) is None
    assert tls_x509.why_not(20) == "The certificate hasn't got a known issuer"
    assert tls_x509.why_not(23) == "The certificate has been revoked"
    assert tls_x509.why_not(66) == "The certificate uses an insecure algorithm"
    assert tls_x509.why_not(1) == "The certificate is not trusted"


def test_a_priority_that_has_no_like_is_refused_when_it_is_used(
    client: MemoryClient, add: Add
) -> None:
    add("tls-creds-anon", "a", priority="NORMAL:+AES-128-CBC")
    said = "Unable to set TLS session priority NORMAL:.AES-128-CBC: The request is invalid."
    with pytest.raises(QmpError, match=said):
        context(client, "a")


def test_nobody_says_who_it_is(client: MemoryClient, add: Add) -> None:
    add("tls-creds-anon", "s", endpoint="server")
    add("tls-creds-anon", "c")
    assert shake_hands(context(client, "s"), context(client, "c")) == "TLSv1.2"


def test_keys_are_read(add: Add, refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "keys.psk").write_text(KEYS)
    where = {"dir": str(tmp_path)}
    add("tls-creds-psk", "a", **where)
    add("tls-creds-psk", "b", **where, username="bob")
    add("tls-creds-psk", "s", **where, endpoint="server")
    path = tmp_path / "keys.psk"
    said = f"Username bad not found in PSK file {path}"
    assert refused("tls-creds-psk", **where, username="bad") == said
    said = "username should not be set when endpoint=server"
    assert refused("tls-creds-psk", **where, username="x", endpoint="server") == said
    assert refused("tls-creds-psk") == "Missing 'dir' property value"
    said = "Unable to access credentials /nope/keys.psk: No such file or directory"
    assert refused("tls-creds-psk", dir="/nope") == said


def test_keys_are_used_where_python_can(client: MemoryClient, add: Add, tmp_path: Path) -> None:
    (tmp_path / "keys.psk").write_text(KEYS)
    add("tls-creds-psk", "s", dir=str(tmp_path), endpoint="server")
    add("tls-creds-psk", "c", dir=str(tmp_path))
    if sys.version_info < (3, 13):
        with pytest.raises(QmpError, match=r"needs Python 3\.13"):
            context(client, "s")
    else:
        assert shake_hands(context(client, "s"), context(client, "c")) == "TLSv1.2"


def test_cipher_suites_are_for_a_guest(client: MemoryClient, add: Add, refused: Refused) -> None:
    assert refused("tls-cipher-suites") == "'priority' property is not set"
    add("tls-cipher-suites", "t", priority="@SYSTEM")
    with pytest.raises(QmpError, match="Unsupported TLS credentials type tls-cipher-suites"):
        context(client, "t")


@pytest.mark.parametrize(
    ("extensions", "said"),
    [
        (
            "basicConstraints=CA:TRUE",
            "The certificate {} basic constraints show a CA, but we need one for a server",
        ),
        (
            "keyUsage=critical,keyAgreement",
            "Certificate {} usage does not permit digital signature",
        ),
        (
            "keyUsage=critical,digitalSignature",
            "Certificate {} usage does not permit key encipherment",
        ),
        (
            "extendedKeyUsage=critical,codeSigning",
            "Certificate {} purpose does not allow use with a TLS server",
        ),
    ],
)
def test_a_certificate_for_something_else_is_refused(
    add: Add,
    refused: Refused,
    authority: Authority,
    tmp_path: Path,
    extensions: str,
    said: str,
) -> None:
    cert, key = authority.sign(extensions)
    files = {"ca_cert": authority.certificate, "server_cert": cert, "server_key": key}
    where = {"dir": credentials(tmp_path / "c", **files), "endpoint": "server"}
    path = f"{where['dir']}/server-cert.pem"
    assert refused("tls-creds-x509", **where) == said.format(path)
    add("tls-creds-x509", **where, sanity_check=False)


@pytest.mark.parametrize(
    ("dates", "said"),
    [
        (("20200101000000Z", "20210101000000Z"), "has expired"),
        (("20470101000000Z", "20480101000000Z"), "is not yet active"),
    ],
)
def test_a_certificate_for_another_time_is_refused(
    refused: Refused, authority: Authority, tmp_path: Path, dates: tuple[str, str], said: str
) -> None:
    cert, key = authority.sign(SERVER, dates)
    files = {"ca_cert": authority.certificate, "server_cert": cert, "server_key": key}
    folder = credentials(tmp_path / "c", **files)
    expected = f"The server certificate {folder}/server-cert.pem {said}"
    assert refused("tls-creds-x509", dir=folder, endpoint="server") == expected


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "server_cert",
            "garbage",
            "Unable to import server certificate {}/server-cert.pem:"
            " Base64 unexpected header error.",
        ),
        ("ca_cert", "garbage", "Unable to import CA certificate list {}/ca-cert.pem"),
        (
            "server_key",
            "garbage",
            "Cannot load certificate '{0}/server-cert.pem' & key '{0}/server-key.pem':"
            " The requested data were not available.",
        ),
        (
            "server_key",
            "client_key",
            "Cannot load certificate '{0}/server-cert.pem' & key '{0}/server-key.pem':"
            " The certificate and the given key do not match.",
        ),
        (
            "ca_cert",
            "server_cert",
            "The certificate {}/ca-cert.pem basic constraints do not show a CA",
        ),
    ],
)
def test_files_that_are_something_else_are_refused(
    refused: Refused, good: dict[str, str], tmp_path: Path, name: str, text: str, said: str
) -> None:
    folder = credentials(tmp_path / "c", **{**good, name: good.get(text, text)})
    assert refused("tls-creds-x509", dir=folder, endpoint="server") == said.format(folder)


def test_an_authority_that_did_not_sign_is_found_out(
    refused: Refused, good: dict[str, str], tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other")
    folder = credentials(tmp_path / "c", **{**good, "ca_cert": other.certificate})
    for end in ("server", "client"):
        assert refused("tls-creds-x509", dir=folder, endpoint=end) == (
            f"Our own certificate {folder}/{end}-cert.pem failed validation against"
            f" {folder}/ca-cert.pem: The certificate hasn't got a known issuer"
        )


def test_a_key_is_decrypted_with_a_secret(
    add: Add, refused: Refused, authority: Authority, good: dict[str, str], tmp_path: Path
) -> None:
    hidden = authority.encrypt(good["server_key"], "pass")
    folder = credentials(tmp_path / "c", **{**good, "server_key": hidden})
    add("secret", "right", data="pass")
    add("secret", "wrong", data="word")
    where: dict[str, Any] = {"dir": folder, "endpoint": "server"}
    for password in ({}, {"passwordid": "wrong"}):
        said = refused("tls-creds-x509", **where, **password)
        assert said.endswith("Decryption has failed.")
    assert refused("tls-creds-x509", **where, passwordid="no") == "No secret with id 'no'"
    add("tls-creds-x509", **where, passwordid="right")


def test_what_is_needed_has_to_be_there(
    refused: Refused, good: dict[str, str], tmp_path: Path
) -> None:
    assert refused("tls-creds-x509") == "Missing 'dir' property value"
    for index, name in enumerate(("ca_cert", "server_cert", "server_key")):
        files = {key: text for key, text in good.items() if key != name}
        folder = credentials(tmp_path / str(index), **files)
        path = f"{folder}/{name.replace('_', '-')}.pem"
        said = f"Unable to access credentials {path}: No such file or directory"
        assert refused("tls-creds-x509", dir=folder, endpoint="server") == said
