"""`python -m migrator` is `migrate`."""

import os
import sys

# `-m` puts the current folder first on the path. It may be an upstream, and none of its modules may be imported.
if sys.path and sys.path[0] in ("", os.getcwd()):
    del sys.path[0]

from migrator.cli import main  # noqa: E402

sys.exit(main())
