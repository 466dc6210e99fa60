import time
from pathlib import Path

import numpy as np
import pytest

from nnactive.costs import cost_file, measured, read_cost


def test_seconds_and_memory_of_the_block(tmp_path: Path) -> None:
    output = tmp_path / "evaluation.json"
    with measured(output):
        block = np.ones((300, 2**17))  # 300 MiB
        time.sleep(0.2)
    cost = read_cost(output)
    assert block.any()
    assert 0.2 <= cost.seconds < 5
    assert 0.29 < cost.peak_memory_gib < 24
    assert (cost.device, cost.device_memory_gib) == ("cpu", None)


def test_a_block_that_fails_has_no_cost(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"), measured(tmp_path / "out"):
        raise ValueError("broken")
    assert not cost_file(tmp_path / "out").exists()
