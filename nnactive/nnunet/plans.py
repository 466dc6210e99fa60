"""nnU-Net's plans, with a setting's training written into them."""

from copy import deepcopy
from typing import Any

from nnactive.errors import UserError
from nnactive.settings import Training

CONFIGURATION = "3d_fullres"
RECIPE = "nnactive"
"""Key of the trainer's ``Training`` in the plans."""


def adapt(plans: dict[str, Any], training: Training) -> dict[str, Any]:
    """A dataset's plans, adapted to the width and batch size of ``training``.

    The plans also carry the training itself, so that one trainer class serves every track.
    """
    adapted = deepcopy(plans)
    configuration = adapted["configurations"][CONFIGURATION]
    if training.batch_size is not None:
        configuration["batch_size"] = training.batch_size
    if training.base_features is not None:
        network = configuration["architecture"]["arch_kwargs"]
        network["features_per_stage"] = [
            min(training.base_features * 2**stage, features)
            for stage, features in enumerate(network["features_per_stage"])
        ]
    adapted[RECIPE] = training.model_dump(mode="json")
    return adapted


def recipe(plans: dict[str, Any]) -> Training:
    """The training that ``adapt`` wrote into the plans."""
    if RECIPE not in plans:
        raise UserError("plans.json: no 'nnactive' section; write the training folder again")
    return Training.model_validate(plans[RECIPE])


def network_patch(plans: dict[str, Any]) -> tuple[int, ...]:
    """The network's patch size in voxels, (z, y, x)."""
    return tuple(plans["configurations"][CONFIGURATION]["patch_size"])


def folder_names(plans: dict[str, Any]) -> tuple[str, str]:
    """nnU-Net's names for the dataset's folder and for the folder of its cases."""
    return plans["dataset_name"], plans["configurations"][CONFIGURATION]["data_identifier"]
