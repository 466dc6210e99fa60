"""``python -m benchmark.cli.install .venv requirements-dev.lock``, as ``make venv`` calls it."""

import sys

from benchmark.cli.install.packages import main

sys.exit(main())
