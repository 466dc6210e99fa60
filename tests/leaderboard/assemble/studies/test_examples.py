import doctest
import importlib
import pkgutil

import pytest

import leaderboard.assemble.studies as package


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(package.__path__)])
def test_every_example_holds(name):
    module = importlib.import_module(f"{package.__name__}.{name}")
    assert doctest.testmod(module).failed == 0


def test_there_are_examples():
    assert doctest.testmod(importlib.import_module(f"{package.__name__}.words")).attempted >= 4
