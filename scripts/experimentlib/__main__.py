import sys

from experimentlib.cli import main

sys.exit(main())
