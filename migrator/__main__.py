"""`python -m migrator` is `migrate`."""

import sys

# `-m` puts the current folder first on the path. It may be an upstream, and none of its modules may be imported:
# nothing is, before this line.
if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
    del sys.path[0]

from migrator.cli import main

sys.exit(main())
