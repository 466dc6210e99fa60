import doctest
import importlib
import pkgutil

import pytest

import leaderboard.metrics as package

MODULES = [module.name for module in pkgutil.iter_modules(package.__path__)]
WITHOUT = {
    *("learning_curve", "reference", "costs", "runs", "metric", "registry"),
    *("calibration", "curves", "hausdorff", "labelling", "surface_dice"),
    "repeatability",
}
"""They take whole results, declare metrics, or draw at random."""


@pytest.mark.parametrize("name", MODULES)
def test_every_metric_has_an_example_that_holds(name):
    outcome = doctest.testmod(importlib.import_module(f"{package.__name__}.{name}"))
    assert outcome.failed == 0
    assert outcome.attempted > 0 or name in WITHOUT
