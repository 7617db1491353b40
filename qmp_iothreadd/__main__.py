"""``python -m qmp_iothreadd`` is the command qmp-iothreadd."""

import sys

from qmp_iothreadd.cli import main
from qmp_iothreadd.daemon.reporter import PROGRAM

sys.exit(main([PROGRAM, *sys.argv[1:]]))
