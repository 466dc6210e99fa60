from itertools import pairwise

import numpy as np

from nnactive.nnunet.predict.window import sliding_window


def test_the_weights_of_a_window_are_its_own() -> None:
    windows = [sliding_window((40, 40, 40), (16, 16, 16), 0.5) for _ in range(3)]
    weights = [window.weights for window in windows]
    assert not any(np.shares_memory(one, other) for one, other in pairwise(weights))
