"""``--install-as``: the names under which tools look for QEMU, as links to this program."""

from __future__ import annotations

import os
import shutil
import sys

from qmp_iothreadd import errors
from qmp_iothreadd.daemon.reporter import PROGRAM

# Virtual machine managers of several architectures ask for qemu-system-ARCH (Lima, Incus, quickemu,
# kata), distributions' own ones for the others (openQA, libvirt's and Proxmox's tools).
NAMES = (
    *(f"qemu-system-{arch}" for arch in ("aarch64", "arm", "i386", "ppc64", "riscv64", "s390x")),
    "qemu-system-x86_64",
    "qemu-kvm",
    "kvm",
)


def install_links(folder: str, program: str) -> str:
    """Link all names in ``folder``, which is made if need be, to the file of ``program``.

    Returns: what was done, a line for each name.

    Raises:
        QmpError: a name is taken by something else, or a link cannot be made; none is made then.
    """
    target = _own_file(program)
    paths = [os.path.join(folder, name) for name in NAMES]
    present = {path for path in paths if os.path.lexists(path)}
    for path in paths:
        if path in present and not _is_ours(path, target):
            raise errors.name_taken(path)
    said: list[str] = []
    made: list[str] = []
    try:
        os.makedirs(folder, exist_ok=True)
        for path in paths:
            if path in present:
                said.append(f"{path} is there already")
            else:
                os.symlink(target, path)
                made.append(path)
                said.append(f"{path} -> {target}")
    except OSError as error:
        for path in made:
            os.unlink(path)
        raise errors.file_not_created(
            error.filename2 or error.filename, str(error.strerror)
        ) from None
    return "\n".join(said)


def _own_file(program: str) -> str:
    """The file that starts the program, as it was called or as it was installed."""
    beside = os.path.join(os.path.dirname(sys.executable), PROGRAM)
    for candidate in (program, PROGRAM, beside):
        found = shutil.which(candidate)
        if found is not None:
            return os.path.realpath(found)
    raise errors.program_not_found(PROGRAM)


def _is_ours(path: str, target: str) -> bool:
    return os.path.islink(path) and os.path.realpath(path) == target
