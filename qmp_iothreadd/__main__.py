"""``python -m qmp_iothreadd`` is the command qmp-iothreadd."""

import sys

from qmp_iothreadd.cli import PROGRAM, main

sys.exit(main([PROGRAM, *sys.argv[1:]]))
