"""The list of what the greeting waits for is what a start imports."""

from __future__ import annotations

import gc
import json
import subprocess
import sys

from startlib import watching

from qmp_iothreadd.prepare_start import NAMES, start_modules

# What ``python -m`` needs, which the test starts the daemon by.
RUN_AS_A_MODULE = {"runpy", "importlib._abc", "importlib.util"}

# What an editable installation needs besides: its hook, and the schema's cache in place of what
# the build makes.
EDITABLE = {"__future__", "_blake2", "qmp_iothreadd.qapi.cache"}


def test_the_list_names_each_module_that_is_loaded_before_the_greeting() -> None:
    loaded = {each.name for each in watching.loaded_before_greeting()}
    listed = start_modules()
    assert len(listed) == len(set(listed))
    assert loaded - RUN_AS_A_MODULE - EDITABLE - set(listed) == set(), f"not in {NAMES}"
    assert set(listed) - loaded == set(), f"not loaded, but in {NAMES}"


COLLECTOR = """
import gc, json, sys
from qmp_iothreadd import __main__, cli
from qmp_iothreadd.daemon import daemon

seen = []
parse, reserve = cli.parse, daemon.errors.reserve_descriptor

def parsing(argv):
    seen.append(gc.isenabled())
    return parse(argv)

def serving():
    seen.extend([gc.isenabled(), gc.get_freeze_count() > 10_000])
    print(json.dumps(seen), flush=True)
    sys.exit()

cli.parse, daemon.errors.reserve_descriptor = parsing, serving
sys.argv = ["prog", "-M", "none", "-nodefaults"]
__main__.main()
"""


def test_the_collector_is_off_until_the_daemon_serves() -> None:
    assert gc.isenabled()  # importing the package does nothing to it
    command = [sys.executable, "-c", COLLECTOR]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert json.loads(done.stdout) == [False, True, True], done.stderr
