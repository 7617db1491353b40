import sys

from startlib.cli import main

sys.exit(main())
