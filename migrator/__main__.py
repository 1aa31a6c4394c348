"""`python -m migrator` is `migrate`."""

import sys
from pathlib import Path

# `-m` puts the current folder first on the path. It may be an upstream, and none of its modules may be imported.
if sys.path and sys.path[0] in ("", str(Path.cwd())):
    del sys.path[0]

from migrator.cli import main

sys.exit(main())
