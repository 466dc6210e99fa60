"""``python -m benchmark.cli`` is ``nnactive-bench``."""

import sys

from benchmark.cli.main import main

sys.exit(main())
