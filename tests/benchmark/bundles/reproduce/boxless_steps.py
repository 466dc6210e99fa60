"""STAND-INS for the steps, as in the workflow's tests; a query needs neither box nor method."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow"))

import stand_in_steps

import benchmark.boxed.query
import benchmark.boxed.start
from benchmark.cli.main import main
from nnactive.io.files import read_model
from nnactive.io.queries import save_query
from nnactive.settings import Setting


def run_query(ask, out, used, way):
    setting = read_model(ask.setting_file, Setting)
    assert all(member.is_file() for member in ask.members)
    assert len(ask.queries) == ask.loop
    made = stand_in_steps._query(ask.data, setting, ask.method_id, ask.seed, ask.loop)
    save_query(out, made)


def run_start(ask, out, used, way):
    save_query(out, stand_in_steps._query(ask.data, ask.setting, "random_start", ask.seed, 0))


benchmark.boxed.query.run_query = run_query
benchmark.boxed.start.run_start = run_start

if __name__ == "__main__":
    status = main(["step", *sys.argv[1:]])
    if not status:
        with Path(os.environ["STAND_IN_CALLS"]).open("a") as calls:
            calls.write(f"{sys.argv[sys.argv.index('--out') + 1]}\n")
    sys.exit(status)
