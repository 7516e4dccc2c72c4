"""`python -m selavi`, for process launchers."""

import sys

from selavi.cli import main

sys.exit(main())
