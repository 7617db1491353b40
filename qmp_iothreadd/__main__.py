"""The command qmp-iothreadd, which is ``python -m qmp_iothreadd`` too: each start begins here."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """Run the daemon as the process's command line asks, and return the exit status.

    The collector is off before anything is imported: a start makes objects that stay, and to look
    through them again and again takes a sixth of it. The daemon turns it on once it serves.
    """
    gc.disable()
    from qmp_iothreadd.start_code import find_start_code  # only once the collector is off

    find_start_code()
    from qmp_iothreadd.cli import main as run

    if __name__ == "__main__":
        from qmp_iothreadd.daemon.reporter import PROGRAM

        sys.argv[0] = PROGRAM
    return run()


if __name__ == "__main__":
    sys.exit(main())
