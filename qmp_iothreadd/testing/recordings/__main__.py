"""``python -m qmp_iothreadd.testing.recordings`` is the command qmp-tap."""

import sys

from qmp_iothreadd.testing.recordings.cli import main

sys.exit(main())
