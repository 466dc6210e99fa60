"""Fingerprint and plans from nnU-Net's default planner, based on arrays and without any label."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from nnactive.errors import UserError, described
from nnactive.geometry import Spacing, Triple, as_triple
from nnactive.io.files import read_json, write_json
from nnactive.io.formatting import numbers
from nnactive.nnunet.environment import environment, quiet
from nnactive.nnunet.plans import CONFIGURATION

INTENSITY_SAMPLES = 100_000_000
"""Voxels that nnU-Net samples for a dataset's intensity statistics."""


def describe(classes: Sequence[str], schemes: Sequence[str], cases: int) -> dict[str, Any]:
    """``dataset.json`` of a pool, with the ignore label as the highest label.

    Args:
        classes: class names in label order, background first.
        schemes: nnU-Net's name of each channel's normalisation (``zscore``, ``ct``, ...).
        cases: number of pool cases.
    """
    names = [*classes, "ignore"]
    return {
        "channel_names": {str(i): scheme for i, scheme in enumerate(schemes)},
        "labels": {name: i for i, name in enumerate(names)},
        "numTraining": cases,
        "file_ending": ".nii.gz",
        "overwrite_image_reader_writer": "SimpleITKIO",
    }


def samples_per_case(shapes: Sequence[Triple]) -> int:
    """Voxels to draw from each case for the intensity statistics.

    An equal share of nnU-Net's 1e8, but at most the size of the largest case: more would only draw
    the same voxels of small images again and again.
    """
    return min(INTENSITY_SAMPLES // len(shapes), max(int(np.prod(shape)) for shape in shapes))


def sample_intensities(image: np.ndarray, samples: int) -> np.ndarray:
    """Voxels drawn with nnU-Net's seed from an image ``(C, Z, Y, X)``: float32 ``(C, samples)``.

    Every voxel counts as foreground, as it does if all have the ignore label (section 2).
    """
    from nnunetv2.experiment_planning.dataset_fingerprint.fingerprint_extractor import (
        DatasetFingerprintExtractor,
    )

    everywhere = np.ones((1, *image.shape[1:]), np.int8)
    drawn, _ = DatasetFingerprintExtractor.collect_foreground_intensities(
        everywhere, image, num_samples=samples
    )
    return np.stack(drawn).astype(np.float32)


def fingerprint(
    spacing: Spacing, shapes: Sequence[Triple], intensities: Sequence[np.ndarray]
) -> dict[str, Any]:
    """nnU-Net's fingerprint of a pool that is already cropped and resampled.

    Args:
        spacing: mm, (z, y, x), of all cases.
        shapes: ``(Z, Y, X)`` of each case.
        intensities: ``(C, samples)`` of each case, in the same order.
    """
    channels = len(intensities[0])
    return {
        "spacings": [list(spacing) for _ in shapes],
        "shapes_after_crop": [list(shape) for shape in shapes],
        "foreground_intensity_properties_per_channel": {
            str(c): _statistics(np.concatenate([case[c] for case in intensities]))
            for c in range(channels)
        },
        "median_relative_size_after_cropping": 1.0,
    }


def plan(
    name: str, description: dict[str, Any], measured: dict[str, Any], network: str | None = None
) -> dict[str, Any]:
    """Plans of one of nnU-Net's planners.

    Args:
        name: nnU-Net's dataset name, ``Dataset004_Hippocampus``.
        description: ``describe``'s result.
        measured: ``fingerprint``'s result.
        network: ``Training.network``; None: the default planner.

    Raises:
        UserError: nnU-Net can't plan a 3D network for these sizes and this spacing.
        AssertionError: if the plans would resample or transpose the resampled pool again.
    """
    wanted, sizes = measured["spacings"][0], measured["shapes_after_crop"]
    with _planner(name, description, measured, network) as planner:
        try:
            # What can't be computed fails a line later.
            with np.errstate(all="ignore"), _without_weights(network):
                planner.plan_experiment()
        except Exception as error:
            raise _unplannable(name, wanted, sizes, described(error)) from error
        plans: dict[str, Any] = read_json(planner.plans_file)
    if CONFIGURATION not in plans["configurations"]:
        raise _unplannable(name, wanted, sizes, "volumes of one slice can't be trained in 3D")
    found = plans["configurations"]["3d_fullres"]["spacing"]
    if plans["transpose_forward"] != [0, 1, 2] or not np.allclose(wanted, found, rtol=1e-6):
        raise AssertionError(f"{name}: plans at {found} mm for a pool resampled to {wanted} mm")
    return plans


def target_geometry(
    name: str,
    description: dict[str, Any],
    spacings: Sequence[Spacing],
    shapes: Sequence[Triple],
) -> tuple[Spacing, Triple]:
    """nnU-Net's target spacing over all cases, and the transposition that goes with it.

    Args:
        name: nnU-Net's dataset name.
        description: ``describe``'s result.
        spacings: mm, (z, y, x), of each raw case.
        shapes: ``(Z, Y, X)`` of each raw case after cropping.

    Returns:
        Spacing in mm after the transposition, and ``transpose_forward``.

    Raises:
        UserError: nnU-Net can't choose a spacing.
    """
    measured = {
        "spacings": [list(s) for s in spacings],
        "shapes_after_crop": [list(s) for s in shapes],
        "foreground_intensity_properties_per_channel": {},
        "median_relative_size_after_cropping": 1.0,
    }
    with _planner(name, description, measured) as planner:
        try:
            spacing = planner.determine_fullres_target_spacing()
            forward, _ = planner.determine_transpose()
        except Exception as error:
            raise _unplannable(name, spacings[0], shapes, described(error)) from error
    z, y, x = (float(spacing[axis]) for axis in forward)
    return (z, y, x), as_triple(forward)


def _unplannable(
    name: str, spacing: Sequence[float], shapes: Sequence[Sequence[int]], cause: str
) -> UserError:
    median = numbers(np.median(shapes, axis=0), " x ")
    return UserError(
        f"{name}: nnU-Net can't plan a 3D network for images of {median} voxels (the median) of "
        f"{numbers(spacing)} mm (z, y, x): {cause}; correct the headers of the files, or set "
        "'spacing' in the card"
    )


def _statistics(values: np.ndarray) -> dict[str, float]:
    low, median, high = np.percentile(values, (0.5, 50.0, 99.5))
    return {
        "mean": float(np.mean(values)),
        "median": float(median),
        "std": float(np.std(values)),
        "min": float(np.min(values)),
        "max": float(np.max(values)),
        "percentile_99_5": float(high),
        "percentile_00_5": float(low),
    }


def _without_weights(network: str | None) -> AbstractContextManager[object]:
    """Let the planner of residual encoders make networks without weights.

    It tries dozens of large ones, of which it asks no more than the sizes of their feature maps:
    minutes with weights, seconds without.
    """
    if network is None:
        return nullcontext()
    import torch

    return torch.device("meta")


@contextmanager
def _planner(
    name: str, description: dict[str, Any], measured: dict[str, Any], network: str | None = None
) -> Iterator[Any]:
    """One of nnU-Net's planners in a temporary folder; it saves its plans to ``plans_file``."""
    from nnunetv2.experiment_planning.experiment_planners import (
        default_experiment_planner as default,
    )
    from nnunetv2.experiment_planning.experiment_planners.residual_unets import (
        residual_encoder_unet_planners as residual,
    )

    planners = {None: default.ExperimentPlanner, "resenc_m": residual.nnUNetPlannerResEncM}
    with tempfile.TemporaryDirectory(prefix="nnactive-plan-") as folder:
        raw, preprocessed = Path(folder, "raw"), Path(folder, "preprocessed")
        # The planner needs a list of files but opens none, since dataset.json names the reader.
        listed = {"case": {"images": ["image.nii.gz"], "label": "label.nii.gz"}}
        write_json(raw / name / "dataset.json", description | {"dataset": listed})
        write_json(preprocessed / name / "dataset_fingerprint.json", measured)
        variables = {
            "nnUNet_raw": raw,
            "nnUNet_preprocessed": preprocessed,
            "nnUNet_results": Path(folder, "results"),
        }
        with environment(variables), quiet():
            planner = planners[network](name)
            planner.plans_file = preprocessed / name / f"{planner.plans_identifier}.json"
            yield planner
