"""What a boxed process inherits."""

from pathlib import Path

import pytest

from benchmark.execution.strays import JOB
from benchmark.firewall.walls.surroundings import variables


@pytest.mark.parametrize("job", [True, False], ids=["a job's", "by hand"])
def test_only_the_box_of_a_job_is_marked_as_one(*, job: bool) -> None:
    """What is marked, and has no supervisor above it, is killed when the next run starts."""
    env = {"PATH": "/usr/bin", "SECRET": "x", **({JOB: "s/loop_001.json"} if job else {})}
    found = variables(env, Path("/scratch"))
    assert (JOB in found) is job
    assert "s/loop_001.json" not in found.values()
    assert "SECRET" not in found
    assert found["TMPDIR"] == "/scratch"
