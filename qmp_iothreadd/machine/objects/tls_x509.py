"""Credentials that are certificates: they are looked at, loaded, and checked against each other."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.objects import certificate
from qmp_iothreadd.machine.objects.certificate import Certificate, certificates
from qmp_iothreadd.machine.objects.files import read_file
from qmp_iothreadd.machine.objects.secrets import lookup_text
from qmp_iothreadd.machine.objects.tls import TlsCreds
from qmp_iothreadd.qom.configurable import Setting

if TYPE_CHECKING:
    from qmp_iothreadd.qom.object import ObjectType

_CA = "ca-cert.pem"

# GnuTLS's words
_NO_PEM = "Base64 unexpected header error."
_NO_DER = "ASN1 parser: Error in DER parsing."
_MISMATCH = "The certificate and the given key do not match."
_DECRYPTION = "Decryption has failed."
_NOTHING = "The requested data were not available."

# OpenSSL's numbers (X509_V_ERR_…)
_UNKNOWN_ISSUER: Final = frozenset((2, 18, 19, 20, 21))
_REVOKED: Final = 23
_OTHER_PURPOSE: Final = 26
_WEAK: Final = frozenset((66, 67, 68))


class TlsCredsX509(TlsCreds):
    """A certificate with its key, and those of the authorities that are believed."""

    __slots__ = ("_context",)

    qom_name = "tls-creds-x509"
    settings: ClassVar[dict[str, Setting]] = TlsCreds.settings | {"sanity-check": Setting(True)}

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        """Talk to those whose certificates an authority has signed."""
        assert self._context is not None
        self.limit(self._context)
        return self._context

    def complete(self) -> None:
        """Look for the files, look at them and load them.

        Raises:
            QmpError: they are not there, or not what they should be.
        """
        end = self.load("endpoint")
        authorities = self.file(_CA, required=True)
        revocations = self.file("ca-crl.pem", required=False)
        own = self.file(f"{end}-cert.pem", required=self.is_server)
        key = self.file(f"{end}-key.pem", required=self.is_server)
        assert authorities is not None
        check = self.load("sanity-check")
        if check:
            _look_at(own, authorities, end)
        password = None
        if self.load("passwordid") is not None:
            password = lookup_text(self, self.load("passwordid"))
        context = self.new_context()
        _load_authorities(context, authorities)
        if own is not None and key is not None:
            _load_key_pair(context, own, key, password)
            if check:
                _check_signature(own, key, password, authorities, server=self.is_server)
        if revocations is not None:
            _load_revocations(context, revocations)
        if self.load("verify-peer"):
            context.verify_mode = ssl.CERT_REQUIRED
            context.check_hostname = not self.is_server
        self._context = context


# -- What certificates say of themselves -----------------------------------------------------------


def _look_at(own: str | None, authorities: str, end: str) -> None:
    found = _import(own, end) if own is not None else None
    try:
        signers = [*certificates(read_file(authorities))]
    except ValueError:
        raise errors.authorities_not_imported(authorities) from None
    if not signers:
        raise errors.authorities_not_imported(authorities)
    if own is not None and found is not None:
        _check_times(found, own, end)
        _check_leaf(found, own, end)
    for signer in signers:
        _check_times(signer, authorities, "CA")
        _check_authority(signer, authorities)


def _import(path: str, end: str) -> Certificate:
    try:
        found = next(certificates(read_file(path)), None)
    except ValueError:
        raise errors.certificate_not_imported(end, path, _NO_DER) from None
    if found is None:
        raise errors.certificate_not_imported(end, path, _NO_PEM)
    return found


def _check_times(found: Certificate, path: str, end: str) -> None:
    now = datetime.now(UTC)
    if found.not_after < now:
        raise errors.certificate_expired(end, path)
    if found.not_before > now:
        raise errors.certificate_not_active(end, path)


def _check_leaf(found: Certificate, path: str, end: str) -> None:
    if found.is_authority:
        raise errors.certificate_of_authority(end, path)
    if found.usage is not None and found.usage_is_critical:
        if not found.usage & certificate.DIGITAL_SIGNATURE:
            raise errors.certificate_usage(path, "digital signature")
        if not found.usage & certificate.KEY_ENCIPHERMENT:
            raise errors.certificate_usage(path, "key encipherment")
    if found.purposes is not None and found.purposes_are_critical:
        wanted = certificate.SERVER if end == "server" else certificate.CLIENT
        if not found.purposes & {wanted, certificate.ANY_PURPOSE}:
            raise errors.certificate_purpose(path, end)


def _check_authority(found: Certificate, path: str) -> None:
    if found.is_authority is None:
        raise errors.certificate_without_constraints(path)
    if not found.is_authority:
        raise errors.certificate_of_no_authority(path)
    signs = found.usage is None or found.usage & certificate.KEY_CERT_SIGN
    if found.usage_is_critical and not signs:
        raise errors.certificate_usage(path, "certificate signing")


# -- What the library says of them -----------------------------------------------------------------


def _load_authorities(context: ssl.SSLContext, path: str) -> None:
    try:
        context.load_verify_locations(path)
    except (OSError, ValueError):
        raise errors.authority_not_loaded(path, _NO_PEM) from None


def _load_revocations(context: ssl.SSLContext, path: str) -> None:
    try:
        context.load_verify_locations(path)
    except (OSError, ValueError):
        raise errors.revocations_not_loaded(path, _NO_PEM) from None
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF


def _load_key_pair(context: ssl.SSLContext, own: str, key: str, password: str | None) -> None:
    asked = False

    def give_password() -> str:
        # Without one, the library would ask for it at the terminal.
        nonlocal asked
        asked = True
        return password or ""

    try:
        context.load_cert_chain(own, key, give_password)
    except (OSError, ValueError) as error:
        what = _NOTHING
        if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
            what = _MISMATCH
        elif asked:
            what = _DECRYPTION
        raise errors.key_pair_not_loaded(own, key, what) from None


def _check_signature(
    own: str, key: str, password: str | None, authorities: str, *, server: bool
) -> None:
    """Show the certificate to somebody who believes just these authorities, over no wire."""
    here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    there.check_hostname = False
    there.verify_mode = ssl.CERT_NONE
    judge = there if server else here
    for context in (here, there):
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # both ends know within the handshake
        _load_key_pair(context, own, key, password)
    judge.verify_mode = ssl.CERT_REQUIRED
    judge.load_verify_locations(authorities)
    try:
        _shake_hands(here, there)
    except ssl.SSLCertVerificationError as error:
        why = why_not(error.verify_code)
        if why is not None:
            raise errors.certificate_not_verified(own, authorities, why) from None
    except ssl.SSLError:
        return  # they do not get as far as the certificate: peers will say what is wrong


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    while ends:
        for end in tuple(ends):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            ends.remove(end)


def why_not(code: int) -> str | None:
    """GnuTLS's words for what OpenSSL finds; None for what QEMU does not ask."""
    if code == _OTHER_PURPOSE:
        return None
    if code in _UNKNOWN_ISSUER:
        return "The certificate hasn't got a known issuer"
    if code == _REVOKED:
        return "The certificate has been revoked"
    if code in _WEAK:
        return "The certificate uses an insecure algorithm"
    return "The certificate is not trusted"
