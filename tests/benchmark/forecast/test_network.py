"""What networks cost, and the plans of datasets that aren't prepared, against nnU-Net and torch."""

from dataclasses import replace
from math import prod

import pytest

from benchmark.forecast.network.counts import (
    Network,
    forward_operations,
    iteration_operations,
    member_bytes,
    network_of,
    prediction_memory,
    tiles,
    training_memory,
    weights,
)
from benchmark.forecast.network.sketch import sketch
from nnactive.settings import Training

PLANNED = {
    "acdc": ((5.0, 1.5625, 1.5625), (17, 237, 206), 150, 4, (20, 256, 224), 4),
    "amos": ((2.0, 0.6875, 0.6875), (237, 582, 582), 150, 16, (64, 192, 160), 2),
    "kits": ((0.78125,) * 3, (526, 512, 512), 225, 4, (128, 128, 128), 2),
    "hippocampus": ((1.0, 1.0, 1.0), (36, 50, 35), 195, 3, (40, 56, 40), 7),
    "mama_mia": ((2.0, 0.7031, 0.7031), (80, 256, 256), 1130, 2, (56, 192, 192), 2),
    "phantom": ((1.0, 1.0, 1.0), (22, 22, 22), 24, 4, (24, 24, 24), 2),
}
"""Spacing, median size, pool, classes; the network's patch and batch in nnU-Net's own plan."""


def sketched(name: str) -> Network:
    spacing, median, cases, classes, *_ = PLANNED[name]
    return sketch(spacing, median, cases, channels=1, classes=classes)


def network(**changes) -> Network:
    """Two stages of one convolution each."""
    fields = {
        "patch": (4, 4, 4),
        "batch": 2,
        "channels": 1,
        "classes": 2,
        "features": (3, 5),
        "kernels": ((1, 1, 1), (3, 3, 3)),
        "strides": ((1, 1, 1), (2, 2, 2)),
        "convolutions": (1, 1),
        "decoder": (1,),
    }
    return Network(**(fields | changes))


def test_operations_of_a_small_network_by_hand() -> None:
    first, second = 64 * 3 * 1, 8 * 5 * 27 * 3
    up, merged, heads = 8 * 5 * 3 * 8, 64 * 3 * 6, 64 * 3 * 2
    assert forward_operations(network()) == 2 * (first + second + up + merged + heads)
    assert iteration_operations(network()) == 3 * 2 * forward_operations(network())


def test_weights_of_a_small_network_by_hand() -> None:
    first, second = 3 * 1 + 9, 27 * 3 * 5 + 15
    up, merged, heads = 5 * 3 * 8 + 3, 6 * 3 + 9, 4 * 2
    assert weights(network()) == first + second + up + merged + heads
    assert member_bytes(network()) == 4 * weights(network())


def test_a_network_has_the_key_of_what_determines_its_cost() -> None:
    assert network().key == network().key
    keys = {network(**{field: value}).key for field, value in CHANGES.items()}
    assert len(keys | {network().key}) == len(CHANGES) + 1


CHANGES = {"patch": (4, 4, 8), "batch": 3, "features": (3, 6), "classes": 3, "decoder": (2,)}


def test_more_of_anything_takes_more_memory() -> None:
    assert training_memory(network(batch=4)) > training_memory(network())
    assert prediction_memory(network(patch=(8, 8, 8))) > prediction_memory(network())
    assert prediction_memory(sketched("kits")) < training_memory(sketched("kits"))


@pytest.mark.parametrize("name", PLANNED)
def test_a_sketched_network_is_the_planned_one(name: str) -> None:
    found = sketched(name)
    assert (found.patch, found.batch) == PLANNED[name][-2:]


RESIDUAL = {
    "acdc": ((20, 256, 224), 3),
    "amos": ((64, 160, 160), 2),
    "kits": ((128, 128, 128), 2),
    "hippocampus": ((40, 56, 40), 57),
    "phantom": ((24, 24, 24), 18),
}
"""Patch and batch in nnU-Net's own plan for a residual encoder of size M."""


def residual(name: str) -> Network:
    spacing, median, cases, classes, *_ = PLANNED[name]
    return sketch(spacing, median, cases, channels=1, classes=classes, residual=True)


@pytest.mark.parametrize("name", RESIDUAL)
def test_a_sketched_residual_encoder_is_the_planned_one(name: str) -> None:
    found = residual(name)
    assert (found.patch, found.batch) == RESIDUAL[name]
    assert found.blocks[:3] == (1, 3, 4)
    assert weights(found) > weights(sketched(name))


def test_trainings_of_the_papers_fit_where_nnunet_says() -> None:
    for name in ("acdc", "amos", "kits"):
        assert 5 < training_memory(sketched(name)) < 11
        assert 5 < training_memory(residual(name)) < 11


def test_a_narrow_track_has_a_cheaper_network() -> None:
    full = plans_of(sketched("phantom"))
    narrow = network_of(full, Training(base_features=8, batch_size=2), channels=1, classes=4)
    usual = network_of(full, Training(), channels=1, classes=4)
    assert usual == sketched("phantom")
    assert narrow.features == (8, 16, 32)
    assert forward_operations(narrow) < forward_operations(usual) / 10


def plans_of(found: Network) -> dict:
    shape = {
        "features_per_stage": list(found.features),
        "kernel_sizes": found.kernels,
        "strides": found.strides,
        "n_conv_per_stage": found.convolutions,
        "n_conv_per_stage_decoder": found.decoder,
    }
    configuration = {"patch_size": found.patch, "batch_size": found.batch}
    configuration |= {"architecture": {"arch_kwargs": shape}}
    return {"configurations": {"3d_fullres": configuration}}


def test_tiles_of_small_and_large_images() -> None:
    assert tiles((10, 10, 10), (24, 24, 24), 0.5) == 1
    assert tiles((25, 24, 24), (24, 24, 24), 0.5) == 2
    assert tiles((48, 48, 48), (24, 24, 24), 0.5) == 27


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *[(name, None) for name in ("acdc", "hippocampus", "phantom", "mama_mia")],
        *[(name, "resenc_m") for name in ("acdc", "hippocampus")],
    ],
)
def test_nnunet_plans_the_same_and_torch_counts_the_same(name: str, kind: str | None) -> None:
    import torch
    from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
    from torch.utils.flop_counter import FlopCounterMode

    from nnactive.nnunet import planning

    spacing, median, cases, classes, *_ = PLANNED[name]
    description = planning.describe([f"c{n}" for n in range(classes)], ["zscore"], cases)
    statistics = ("mean", "median", "std", "min", "max", "percentile_99_5", "percentile_00_5")
    measured = {
        "spacings": [list(spacing)] * cases,
        "shapes_after_crop": [list(median)] * cases,
        "foreground_intensity_properties_per_channel": {"0": dict.fromkeys(statistics, 1.0)},
        "median_relative_size_after_cropping": 1.0,
    }
    plans = planning.plan("Dataset001_X", description, measured, kind)
    planned = network_of(plans, Training(), channels=1, classes=classes)
    assert planned == (residual(name) if kind else sketched(name))
    made = PlansManager(plans).get_configuration("3d_fullres")
    module = get_network_from_plans(
        made.network_arch_class_name,
        made.network_arch_init_kwargs,
        made.network_arch_init_kwargs_req_import,
        1,
        classes,
        allow_init=False,
        deep_supervision=False,
    ).to("meta")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.zeros(1, 1, *planned.patch, device="meta"))
    assert forward_operations(planned) == pytest.approx(counter.get_total_flops(), rel=1e-6)
    # nnU-Net has the heads of deep supervision, whether it uses them or not.
    assert weights(planned) == sum(each.numel() for each in module.parameters())


@pytest.mark.slow
def test_tiles_are_those_of_nnunet() -> None:
    from nnunetv2.inference.sliding_window_prediction import compute_steps_for_sliding_window

    for size in [(48, 50, 61), (24, 30, 200), (101, 47, 24)]:
        for step in (0.5, 0.75, 1.0):
            steps = compute_steps_for_sliding_window(size, (24, 24, 24), step)
            assert tiles(size, (24, 24, 24), step) == prod(len(axis) for axis in steps)


def test_the_batch_follows_the_size_of_the_pool() -> None:
    spacing, median, _, classes, *_ = PLANNED["hippocampus"]
    few = sketch(spacing, median, 10, channels=1, classes=classes)
    many = sketch(spacing, median, 10_000, channels=1, classes=classes)
    assert few.batch == 2
    assert many.batch > 20
    assert replace(few, batch=many.batch) == many
