"""`python -m migrator` is `migrate`."""

import sys

from migrator.cli import main

sys.exit(main())
