"""What changes the machine's run state: QMP's functions, which take no arguments, as they are."""

from __future__ import annotations

from qmp_iothreadd.commands import control, runstate
from qmp_iothreadd.hmp.registry import hmp_command

hmp_command("cont|c", help="resume emulation")(runstate.cont)
hmp_command("exit_preconfig", help="exit the preconfig state", preconfig=True)(
    runstate.exit_preconfig
)
hmp_command("quit|q", help="quit the emulator", preconfig=True)(control.quit_)
hmp_command("stop|s", help="stop emulation")(runstate.stop)
hmp_command("system_powerdown", help="send system power down event")(runstate.system_powerdown)
hmp_command("system_reset", help="reset the system")(runstate.system_reset)
hmp_command("system_wakeup", help="wakeup guest from suspend")(runstate.system_wakeup)
