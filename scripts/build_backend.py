"""setuptools' build backend, with one check before it: is there a C compiler and Python's headers?

Without the check the build ends in a page of distutils output; with it, in a line that says what to
install.
"""

from __future__ import annotations

import os
import pathlib
import shlex
import shutil
import sysconfig
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403  (a PEP 517 backend exports what it does not override)


def _require_toolchain() -> None:
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
    if not any(map(shutil.which, (compiler, "cc", "gcc", "clang"))):
        raise SystemExit(
            "error: building qmp-iothreadd needs a C compiler, and there is none on PATH.\n"
            "Install one and try again:\n"
            "    Debian, Ubuntu:  apt-get install gcc libc6-dev python3-dev\n"
            "    Fedora:          dnf install gcc python3-devel\n"
            "    Alpine:          apk add gcc musl-dev linux-headers python3-dev"
        )
    header = pathlib.Path(sysconfig.get_paths()["include"], "Python.h")
    if not header.exists():
        raise SystemExit(
            f"error: building qmp-iothreadd needs Python's headers, and {header} is missing.\n"
            "Install them and try again:\n"
            "    Debian, Ubuntu:  apt-get install python3-dev\n"
            "    Fedora:          dnf install python3-devel\n"
            "    Alpine:          apk add python3-dev"
        )


def build_wheel(
    wheel_directory: str,
    config_settings: dict[str, Any] | None = None,
    metadata_directory: str | None = None,
) -> str:
    _require_toolchain()
    name: str = build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)
    return name


def build_editable(
    wheel_directory: str,
    config_settings: dict[str, Any] | None = None,
    metadata_directory: str | None = None,
) -> str:
    _require_toolchain()
    name: str = build_meta.build_editable(wheel_directory, config_settings, metadata_directory)
    return name
