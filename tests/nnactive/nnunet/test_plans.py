import pytest

from nnactive.errors import UserError
from nnactive.nnunet.plans import CONFIGURATION, adapt, recipe
from nnactive.settings import Training


def plans() -> dict:
    return {
        "dataset_name": "Dataset900_Phantom",
        "configurations": {
            CONFIGURATION: {
                "batch_size": 9,
                "patch_size": [40, 56, 40],
                "architecture": {"arch_kwargs": {"features_per_stage": [32, 64, 128, 256]}},
            }
        },
    }


def test_width_doubles_per_stage_and_never_exceeds_the_plan() -> None:
    narrow = adapt(plans(), Training(base_features=16))
    network = narrow["configurations"][CONFIGURATION]["architecture"]["arch_kwargs"]
    assert network["features_per_stage"] == [16, 32, 64, 128]
    wide = adapt(plans(), Training(base_features=100))
    network = wide["configurations"][CONFIGURATION]["architecture"]["arch_kwargs"]
    assert network["features_per_stage"] == [32, 64, 128, 256]


def test_batch_size_is_the_plans_unless_given() -> None:
    assert adapt(plans(), Training())["configurations"][CONFIGURATION]["batch_size"] == 9
    two = adapt(plans(), Training(batch_size=2))
    assert two["configurations"][CONFIGURATION]["batch_size"] == 2


def test_the_plans_carry_the_training() -> None:
    training = Training(folds=2, epochs=3, iterations=7, mirror=False)
    assert recipe(adapt(plans(), training)) == training


def test_adapting_leaves_the_datasets_plans_alone() -> None:
    original = plans()
    adapt(original, Training(base_features=8, batch_size=2))
    assert original == plans()


def test_plans_without_a_recipe_are_refused() -> None:
    with pytest.raises(UserError, match="nnactive"):
        recipe(plans())
