import time
from pathlib import Path

import numpy as np
import pytest

from nnactive.errors import UserError
from nnactive.io.costs import Used, cost_file, measured, read_cost
from nnactive.io.seals import is_intact, read_seal, seal_file


def test_seconds_and_memory_of_the_block(tmp_path: Path) -> None:
    output = tmp_path / "evaluation.json"
    with measured(output) as draft:
        draft.write_text("{}")
        assert not output.exists()
        block = np.ones((300, 2**17))  # 300 MiB
        time.sleep(0.2)
    cost = read_cost(output)
    assert block.any()
    assert output.read_text() == "{}"
    names = {output.name, cost_file(output).name, seal_file(output).name}
    assert {path.name for path in tmp_path.iterdir()} == names
    made = read_seal(output)
    assert made is not None
    assert is_intact(output, made)
    assert 0.2 <= cost.seconds < 300
    assert 0.29 < cost.peak_memory_gib < 24
    assert (cost.device, cost.device_memory_gib) == ("cpu", None)


def test_what_another_process_took_counts(tmp_path: Path) -> None:
    used = Used()
    with measured(tmp_path / "out", used=used) as draft:
        draft.write_text("")
        used.device, used.peak_memory_gib, used.device_memory_gib = "gpu:1", 9000.0, 2.5
    cost = read_cost(tmp_path / "out")
    assert (cost.device, cost.peak_memory_gib, cost.device_memory_gib) == ("gpu:1", 9000.0, 2.5)


def test_a_block_that_fails_has_no_cost(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"), measured(tmp_path / "out"):
        raise ValueError("broken")
    assert not list(tmp_path.iterdir())


def test_a_kill_between_cost_and_output_leaves_no_output_without_its_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def killed(self: Path, target: Path) -> Path:
        if target == tmp_path / "out":
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt), measured(tmp_path / "out") as draft:
        draft.write_text("")
    assert not (tmp_path / "out").exists()
    assert read_cost(tmp_path / "out").seconds >= 0


def test_a_broken_cost_is_read_from_the_seal_and_another_one_is_refused(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with measured(output) as draft:
        draft.write_text("")
    cost, file = read_cost(output), cost_file(output)
    whole = file.read_text()
    file.write_text(whole[:20])
    assert read_cost(output) == cost
    file.write_text(whole.replace('"cpu"', '"gpu"'))
    with pytest.raises(UserError, match=r"not the cost that out\.seal\.json has; remove that file"):
        read_cost(output)
    file.unlink()
    assert read_cost(output) == cost
    seal_file(output).unlink()
    with pytest.raises(UserError, match="no such file"):
        read_cost(output)
