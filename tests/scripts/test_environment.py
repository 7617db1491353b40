"""scripts/environment: what the scripts beside it run, and in which environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "scripts"


def test_what_is_measured_is_installed_and_not_in_the_current_folder(tmp_path: Path) -> None:
    """In a checkout that is the package without its native modules; here it is another one.

    (The tests' own environment, which stands in for one that is built, finds the package first.)
    """
    (tmp_path / "benchlib").mkdir()
    (tmp_path / "benchlib" / "__init__.py").write_text("raise ImportError('not installed')\n")
    program = f"""
source {SCRIPTS}/environment
prepare() {{ echo "${{venv#"$root"/}} $*"; venv={sys.prefix}; }}
measure scripts sessionbench --help
"""
    done = subprocess.run(
        ["bash", "-euc", program], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    prepared, usage = done.stdout.splitlines()[:2]
    assert prepared == ".venv-bench scripts --regular"
    assert usage.startswith("usage: scripts/bench-session [")
