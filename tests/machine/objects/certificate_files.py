"""Makes credentials with the ``openssl`` command: authorities, and what they sign."""

from __future__ import annotations

import subprocess
from pathlib import Path

_CONFIG = """
[ca]
default_ca = d
[d]
database = index
new_certs_dir = .
default_md = sha256
policy = p
rand_serial = yes
unique_subject = no
[p]
commonName = supplied
[req]
distinguished_name = n
[n]
"""
_USAGE = "keyUsage=critical,digitalSignature,keyEncipherment"
SERVER = f"basicConstraints=CA:FALSE\n{_USAGE}\nextendedKeyUsage=critical,serverAuth"
CLIENT = f"basicConstraints=CA:FALSE\n{_USAGE}\nextendedKeyUsage=critical,clientAuth"


class Authority:
    """An authority whose files are in a folder of its own."""

    def __init__(self, folder: Path, extensions: str = "basicConstraints=critical,CA:TRUE") -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        (folder / "config").write_text(_CONFIG)
        (folder / "index").write_text("")
        self._key("ca")
        (folder / "ca.ext").write_text(f"[n]\n[req]\ndistinguished_name=n\n[x]\n{extensions}\n")
        self._run(
            *("req", "-x509", "-new", "-key", "ca.key", "-subj", "/CN=ca", "-days", "9"),
            *("-config", "ca.ext", "-extensions", "x", "-out", "ca.pem"),
        )

    @property
    def certificate(self) -> str:
        return (self.folder / "ca.pem").read_text()

    def sign(
        self, extensions: str, dates: tuple[str, str] = ("20200101000000Z", "20480101000000Z")
    ) -> tuple[str, str]:
        """A certificate and its key."""
        name = f"leaf{len(list(self.folder.iterdir()))}"
        self._key(name)
        (self.folder / f"{name}.ext").write_text(f"{extensions}\n")
        request = ("-key", f"{name}.key", "-subj", "/CN=localhost", "-config", "config")
        self._run("req", "-new", *request, "-out", f"{name}.csr")
        self._run(
            *("ca", "-batch", "-notext", "-config", "config", "-in", f"{name}.csr"),
            *("-out", f"{name}.pem", "-startdate", dates[0], "-enddate", dates[1]),
            *("-keyfile", "ca.key", "-cert", "ca.pem", "-extfile", f"{name}.ext"),
        )
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        return certificate.read_text(), key.read_text()

    def encrypt(self, key: str, password: str) -> str:
        (self.folder / "plain").write_text(key)
        self._run("pkcs8", "-topk8", "-in", "plain", "-passout", f"pass:{password}", "-out", "hid")
        return (self.folder / "hid").read_text()

    def revoke(self, certificate: str) -> str:
        """A list of certificates that are no longer good, with this one in it."""
        (self.folder / "bad").write_text(certificate)
        common = ("ca", "-config", "config", "-keyfile", "ca.key", "-cert", "ca.pem")
        self._run(*common, "-revoke", "bad")
        self._run(*common, "-gencrl", "-crldays", "9", "-out", "crl")
        return (self.folder / "crl").read_text()

    def _key(self, name: str) -> None:
        curve = ("-name", "prime256v1", "-genkey", "-noout")
        self._run("ecparam", *curve, "-out", f"{name}.key")

    def _run(self, *arguments: str) -> None:
        subprocess.run(
            ["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, text=True
        )


def credentials(folder: Path, **files: str) -> str:
    """Write ``ca_cert="…"`` as ca-cert.pem, and so on; the folder's path."""
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name.replace('_', '-')}.pem").write_text(text)
    return str(folder)
