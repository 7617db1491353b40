"""Credentials for TLS."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def tls_dir_missing() -> QmpError:
    """Credentials in files without a folder."""
    return QmpError("Missing 'dir' property value")


def credentials_inaccessible(path: str, reason: str) -> QmpError:
    """A file of credentials."""
    return QmpError(f"Unable to access credentials {path}: {reason}")


def certificate_not_imported(endpoint: str, path: str, reason: str) -> QmpError:
    """A file that should be a certificate; the reason is in GnuTLS's words."""
    return QmpError(f"Unable to import {endpoint} certificate {path}: {reason}")


def authorities_not_imported(path: str) -> QmpError:
    """A file that should be the certificates of authorities."""
    return QmpError(f"Unable to import CA certificate list {path}")


def certificate_expired(endpoint: str, path: str) -> QmpError:
    """``endpoint``: server, client or CA."""
    return QmpError(f"The {endpoint} certificate {path} has expired")


def certificate_not_active(endpoint: str, path: str) -> QmpError:
    """``endpoint``: server, client or CA."""
    return QmpError(f"The {endpoint} certificate {path} is not yet active")


def certificate_of_authority(endpoint: str, path: str) -> QmpError:
    """An authority's certificate for something else."""
    return QmpError(
        f"The certificate {path} basic constraints show a CA, but we need one for a {endpoint}"
    )


def certificate_of_no_authority(path: str) -> QmpError:
    """Something else's certificate for an authority."""
    return QmpError(f"The certificate {path} basic constraints do not show a CA")


def certificate_without_constraints(path: str) -> QmpError:
    """A certificate that does not say that it is an authority's."""
    return QmpError(f"The certificate {path} is missing basic constraints for a CA")


def certificate_usage(path: str, what: str) -> QmpError:
    """A certificate whose key is not for this."""
    return QmpError(f"Certificate {path} usage does not permit {what}")


def certificate_purpose(path: str, endpoint: str) -> QmpError:
    """A certificate that is for something else."""
    return QmpError(f"Certificate {path} purpose does not allow use with a TLS {endpoint}")


def certificate_not_verified(path: str, authorities: str, reason: str) -> QmpError:
    """A certificate that our own authority did not sign."""
    return QmpError(f"Our own certificate {path} failed validation against {authorities}: {reason}")


def authority_not_loaded(path: str, reason: str) -> QmpError:
    """The certificates of authorities."""
    return QmpError(f"Cannot load CA certificate '{path}': {reason}")


def revocations_not_loaded(path: str, reason: str) -> QmpError:
    """The list of certificates that are no longer good."""
    return QmpError(f"Cannot load CRL '{path}': {reason}")


def key_pair_not_loaded(certificate: str, key: str, reason: str) -> QmpError:
    """A certificate with its key; the reason is in GnuTLS's words."""
    return QmpError(f"Cannot load certificate '{certificate}' & key '{key}': {reason}")


def psk_username_of_server() -> QmpError:
    """A name that only clients give."""
    return QmpError("username should not be set when endpoint=server")


def psk_username_unknown(name: str, path: str) -> QmpError:
    """A client without a key."""
    return QmpError(f"Username {name} not found in PSK file {path}")


def psk_file_unreadable(path: str, reason: str) -> QmpError:
    """The file of keys."""
    return QmpError(f"Could not read PSK file {path}: {reason}")


def psk_unsupported() -> QmpError:
    """Pre-shared keys, with an older Python."""
    return QmpError("TLS with pre-shared keys needs Python 3.13")


def tls_priority_unset() -> QmpError:
    """Cipher suites, and none are named."""
    return QmpError("'priority' property is not set")


def tls_priority_unsupported(priority: str) -> QmpError:
    """A priority string that has no like here."""
    return QmpError(f"Unable to set TLS session priority {priority}: The request is invalid.")


def tls_creds_without_session(type_name: str) -> QmpError:
    """Credentials that no socket can use."""
    return QmpError(f"Unsupported TLS credentials type {type_name}")
