"""`scripts/torture`."""

import sys

from torturelib.cli import main

sys.exit(main())
