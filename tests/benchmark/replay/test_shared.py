from pathlib import Path

import pytest
import torch

from benchmark.replay.shared import SharedPredictions, disk_needed
from nnactive.errors import MethodError
from nnactive.query.prediction import Need, Prediction, fold

BOTH = frozenset({Need.MEAN, Need.EXPECTED_ENTROPY})


class Ensemble:
    """Three members of random probabilities, and how often they were asked."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(1)
        drawn = torch.rand((3, 2, 4, 5, 6), generator=generator)
        self.members = list(drawn / drawn.sum(dim=1, keepdim=True))
        self.passes = 0

    def predict(self, case: str, needs: frozenset[str]) -> Prediction:
        def members():
            self.passes += 1
            return iter(self.members)

        return fold(case, members, needs)


def test_what_is_stored_is_the_same_to_the_last_bit(tmp_path: Path) -> None:
    ensemble = Ensemble()
    first = SharedPredictions(tmp_path, BOTH)
    computed = first.before(ensemble.predict)("a", frozenset({Need.MEAN}))
    later = SharedPredictions(tmp_path, BOTH)
    read = later.before(ensemble.predict)("a", BOTH)
    assert (ensemble.passes, first.computed, later.computed) == (1, 1, 0)
    plain = Ensemble().predict("a", BOTH)
    assert torch.equal(computed.mean, plain.mean)
    assert torch.equal(read.mean, plain.mean)
    assert torch.equal(read.expected_entropy, plain.expected_entropy)
    assert read.mean.dtype == torch.float32
    read.mean.zero_()  # a method may reuse the memory
    assert torch.equal(later.before(ensemble.predict)("a", BOTH).mean, plain.mean)


def test_a_method_sees_only_what_it_declares(tmp_path: Path) -> None:
    ensemble = Ensemble()
    shared = SharedPredictions(tmp_path, BOTH).before(ensemble.predict)
    for _ in range(2):
        prediction = shared("a", frozenset({Need.MEAN}))
        with pytest.raises(MethodError, match="requires 'expected_entropy'"):
            _ = prediction.expected_entropy
    assert ensemble.passes == 1


def test_members_come_from_the_ensemble(tmp_path: Path) -> None:
    ensemble = Ensemble()
    shared = SharedPredictions(tmp_path, BOTH).before(ensemble.predict)
    for needs in (BOTH, frozenset({Need.MEMBERS})):
        found = list(shared("a", needs).members())
        assert all(map(torch.equal, found, ensemble.members))
    assert ensemble.passes == 3
    assert {file.name for file in tmp_path.iterdir()} == {
        *("a.device", "a.mean.npy", "a.expected_entropy.npy")
    }


def test_a_disk_that_fails_only_costs_time(tmp_path: Path) -> None:
    ensemble = Ensemble()
    (tmp_path / "file").touch()
    shared = SharedPredictions(tmp_path / "file", BOTH).before(ensemble.predict)
    assert torch.equal(shared("a", BOTH).mean, shared("a", BOTH).mean)
    assert ensemble.passes == 2


def test_the_disk_it_takes(tmp_path: Path) -> None:
    shared = SharedPredictions(tmp_path, BOTH).before(Ensemble().predict)
    shared("a", BOTH)
    header = 128
    sizes = sum(file.stat().st_size - header for file in tmp_path.glob("*.npy"))
    assert disk_needed([4 * 5 * 6], 2, BOTH) == sizes
