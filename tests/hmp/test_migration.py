"""Migration and snapshots, as people start and watch them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

from qmp_iothreadd.testing import MemoryClient, make_machine

Say = Callable[[str], str]

GLOBALS = """\
Globals:
  store-global-state: on
  only-migratable: off
  send-configuration: on
  send-section-footer: on
  send-switchover-start: on
  clear-bitmap-shift: 18
"""


async def migrate(client: MemoryClient, say: Say, line: str) -> str:
    said = say(line)
    async with asyncio.timeout(10):
        while client.execute("query-migrate").get("status") not in ("completed", "failed"):
            await asyncio.sleep(0.01)
    return said


async def test_a_migration_is_begun_and_shown(
    client: MemoryClient, say: Say, tmp_path: Path
) -> None:
    said = await migrate(client, say, f"migrate file:{tmp_path}/state")
    assert said == ("terminal does not allow synchronous migration, continuing detached\n")
    about, ram = say("info migrate").split("RAM info:\n")
    # What took less than a millisecond has no times.
    times = r"(Time \(ms\): \t\ttotal=\d+, setup=\d+, down=\d+\n)?"
    assert re.fullmatch(rf"Status: \t\tcompleted\n{times}", about)
    assert ram.splitlines()[1] == "  Sizes: \t\tpagesize=4 KiB, total=0 B"
    assert say("info migrate -a").endswith(GLOBALS)
    assert say("migrate -d file:/x") == (
        "Error: Can't migrate the vm that was paused due to previous migration\n"
    )


async def test_a_failure_is_shown_with_its_reason(
    client: MemoryClient, say: Say, tmp_path: Path
) -> None:
    await migrate(client, say, f"migrate -d unix:{tmp_path}/nobody")
    assert say("info migrate").startswith("Status: \t\tfailed (")


async def test_where_a_machine_may_come_to_is_shown(tmp_path: Path) -> None:
    machine = make_machine()
    machine.status = "inmigrate"
    with MemoryClient(machine) as client:
        client.negotiate()

        def say(line: str) -> object:
            return client.execute("human-monitor-command", {"command-line": line})

        assert say(f"migrate_incoming unix:{tmp_path}/s") == ""
        assert f"Sockets: [\r\n\tunix:{tmp_path}/s\r\n]\r\n" in str(say("info migrate"))
    machine.close()


def test_what_cannot_go_on_is_refused(say: Say) -> None:
    for line, said in {
        "migrate_incoming tcp:0:1": "'-incoming' was not specified on the command line",
        "migrate_continue pre-switchover": "Migration not in expected state: none",
        "migrate_recover x": "Migrate recover can only be run when postcopy is paused.",
        "migrate -d tcp:nope": "error parsing address 'nope'",
    }.items():
        assert say(line) == f"Error: {said}\n"


def test_lists_among_the_parameters_are_shown_in_lines(client: MemoryClient, say: Say) -> None:
    bitmaps = [{"name": "b", "alias": "c"}]
    mapping = [{"node-name": "n", "alias": "a", "bitmaps": bitmaps}]
    client.execute(
        "migrate-set-parameters",
        {"block-bitmap-mapping": mapping, "cpr-exec-command": ["run", "it"]},
    )
    shown = say("info migrate_parameters")
    assert "block-bitmap-mapping:\n  'n' -> 'a'\n    'b' -> 'c'\n" in shown
    assert "cpr-exec-command: run it\n" in shown


def test_a_snapshot_is_looked_for_with_the_machine_stopped(client: MemoryClient, say: Say) -> None:
    assert say("loadvm x") == "Error: no block device can store vmstate for snapshot\n"
    assert say("info status") == "VM status: paused (restore-vm)\n"
    client.execute("blockdev-add", {"driver": "null-co", "node-name": "n"})
    refusal = "Error: Device 'n' is writable but does not support snapshots\n"
    assert say("delvm x") == say("savevm x") == refusal
