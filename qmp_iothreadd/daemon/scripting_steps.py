"""What a command line scripts, before anybody is connected."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from qmp_iothreadd import errors
from qmp_iothreadd.errors import located
from qmp_iothreadd.qapi.packaged_schema import packaged_schema_path
from qmp_iothreadd.scripting.control import names_control
from qmp_iothreadd.scripting.response_file import respond_from_file
from qmp_iothreadd.scripting.script import Script

if TYPE_CHECKING:
    from qmp_iothreadd.daemon.config import Config
    from qmp_iothreadd.machine.machine import Machine

_ONE_OF_THEM: Final = "x-respond"


def begin_script(config: Config, machine: Machine) -> None:
    """Make the machine's script, with the monitors that are for it alone.

    Raises:
        LocatedError: what is scripted makes no sense.
        QmpError: there is a monitor for scripts, and the schema has no commands for it.
    """
    script = machine.part(Script)
    script.control.update(config.control)
    if config.control and not names_control(machine.schema, _ONE_OF_THEM):
        folder = os.path.dirname(packaged_schema_path())
        raise errors.control_without_commands(os.path.join(folder, "scripting-x.json"))
    if config.transcript is not None:
        with located(f"--transcript {config.transcript}"):
            script.write_transcript(config.transcript)
    for wanted in config.responses:
        with located(wanted.location):
            respond_from_file(machine, wanted.path)
    for fault in config.faults:
        with located(fault.location):
            script.faults.add_words(fault.words)
