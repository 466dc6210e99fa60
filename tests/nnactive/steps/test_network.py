import threading

import numpy as np
import pytest
import torch

from nnactive.errors import MethodError
from nnactive.query.readahead import ReadAhead
from nnactive.steps.network import no_predictor, predict


class OneNetwork:
    """Stands in for an ensemble on a GPU; counts the images predicted at the same time."""

    def __init__(self) -> None:
        self.turns = threading.Semaphore(1)
        self.begun: list[int] = []
        self.next_begun = threading.Event()
        self.busy, self.most_busy = 0, 0

    def turn(self):
        return self.turns

    def probabilities(self, image):
        self.begun.append(int(image[0, 0, 0, 0]))
        if len(self.begun) == 2:
            self.next_begun.set()
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        for _ in range(3):
            yield torch.full((2, 4, 4, 4), 0.5)
        self.busy -= 1


def test_one_image_is_selected_from_while_the_next_is_predicted(make_pool) -> None:
    shapes = dict.fromkeys("abcd", (4, 4, 4))
    images = ReadAhead(lambda case: np.full((1, 4, 4, 4), ord(case)))
    network = OneNetwork()
    pool = make_pool(
        shapes=shapes,
        images=images,
        workers=2,
        predictor=lambda case, needs: predict(network, images, case, needs),
    )
    overlapped = []

    def select(case):
        prediction = pool.predict(case)
        if case == chr(network.begun[0]):
            overlapped.append(network.next_begun.wait(300))
        return prediction.mean.sum().item()

    assert pool.map(select) == [64.0] * 4
    assert overlapped == [True]
    assert network.most_busy == 1
    assert sorted(network.begun) == [ord(case) for case in "abcd"]


def test_the_next_image_is_read_while_one_is_predicted(make_pool) -> None:
    read = {case: threading.Event() for case in "abc"}

    def reading(case):
        read[case].set()
        return np.full((1, 4, 4, 4), ord(case))

    images = ReadAhead(reading)

    class Waiting(OneNetwork):
        def probabilities(self, image):
            following = chr(int(image[0, 0, 0, 0]) + 1)
            assert following not in read or read[following].wait(300)
            yield torch.full((2, 4, 4, 4), 0.5)

    network = Waiting()
    pool = make_pool(
        shapes=dict.fromkeys("abc", (4, 4, 4)),
        images=images,
        announce=images.announce,
        predictor=lambda case, needs: predict(network, images, case, needs),
    )
    assert pool.map(lambda case: pool.predict(case).mean.sum().item()) == [64.0] * 3


def test_a_method_that_needs_none_gets_no_prediction() -> None:
    with pytest.raises(MethodError, match="a: no prediction, as the class declares"):
        no_predictor("a", frozenset({"mean"}))
