"""The eight cards against the project's facts, and against figures written down here."""

import re
from pathlib import Path

import pytest
import yaml

from nnactive.data.cards import load_card

FACTS = Path(__file__).resolve().parents[3] / "shared" / "spec" / "datasets.yaml"
NAMES = ("acdc", "amos", "kits", "hippocampus", "lits", "word", "toothfairy2", "mama_mia")
NUMBERED = {"lits": "liver_{}".format, "kits": "case_{:05d}".format}
"""Facts: liver_N (0..130, not zero padded), case_NNNNN (00000..00299)."""
SCHEMES = {"ZScore": "zscore", "CT": "ct"}
IN_GIB = {"size_bytes": 2**30, "size_gib": 1, "size_mb": 2**30 / 1e6}


@pytest.fixture(scope="module")
def facts():
    if not FACTS.is_file():
        pytest.skip("the facts are not at ../shared/spec/datasets.yaml")
    return yaml.safe_load(FACTS.read_text())["datasets"]


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def triple(value):
    return tuple(value) if isinstance(value, list) else (value,) * 3


def test_what_a_prepared_dataset_is_made_by(name, facts):
    card, known = load_card(name), facts[name]
    assert (card.id, card.nnunet_name) == (known["id"], known["nnunet_name"])
    assert card.cases == known["n_cases"]
    assert card.labels == known["labels"]
    assert list(card.channels) == list(known["channels"].values())
    assert set(card.channels.values()) == {SCHEMES[known["normalization"]]}
    assert card.spacing == tuple(known["spacing_zyx"])
    assert card.label_map == known.get("raw_label_map", {})
    numbered = sorted(map(NUMBERED[name], range(card.cases))) if name in NUMBERED else []
    assert list(card.ids) == known.get("case_ids", numbered)
    # Every dataset's ids are pinned: by a list, or by the pattern of the published names.
    assert bool(card.ids) != bool(card.id_rule)
    assert card.modality == known["modality"]


def test_ids_known_by_pattern_agree_with_the_facts(facts):
    patients = [p for side in ("test", "pool") for p in facts["acdc"]["split"][f"{side}_patients"]]
    (pattern,) = load_card("acdc").id_rule
    assert len(patients) == 100
    assert all(re.fullmatch(pattern, f"{patient}_frame01") for patient in patients)
    for wrong in ("patient000_frame01", "patient101_frame01", "patient1_frame01", "patient001"):
        assert not re.fullmatch(pattern, wrong)
    cohorts = load_card("mama_mia").id_rule
    assert facts["mama_mia"]["cohorts"] == {
        pattern.partition("_")[0]: number for pattern, number in cohorts.items()
    }


def test_settings(name, facts):
    card, known = load_card(name), facts[name]
    assert card.query_patch == tuple(known["query_patch"])
    half = known.get("query_patch_half")
    assert card.half_patch == (tuple(half) if half else None)
    assert card.stride == triple(known["agg_stride"])
    assert card.candidates == known["n_patch_per_image"]
    assert list(card.budgets) == list(known["budgets"])
    for regime, budget in card.budgets.items():
        wanted = known["budgets"][regime]
        assert budget.model_dump() == {key: wanted[key] for key in budget.model_dump()}
        assert budget.starting + (budget.loops - 1) * budget.query == wanted["total"]
    assert card.training.mirror == ("NoMirroring" not in known["trainer"])
    assert card.inference.test_mirror == (not known.get("disable_pred_tta", False))
    assert card.inference.test_tile_step == known.get("pred_tile_step_size", 0.5)


def test_what_results_are_held_to(name, facts):
    card, known = load_card(name), facts[name]
    assert card.full_data_dice == {int(k): v for k, v in known["y_full"].items()}
    pairs = {
        "authors_test": known["test_fingerprint_resampled"],
        "rule_test": known["split"].get("sorted_variant_fingerprint"),
        "all_cases": known.get("all_cases_fingerprint"),
    }
    for side, wanted in pairs.items():
        found = getattr(card.fingerprints, side)
        if wanted is None:
            assert found is None
        else:
            assert found.voxels == wanted["total_voxels"]
            assert found.classes == tuple(wanted["class_voxel_sums"])


def test_where_it_comes_from(name, facts):
    card, known = load_card(name), facts[name]
    download = card.download
    stated = [statement.licence for statement in card.stated_licences] or [card.licence]
    assert any(known["licence"].startswith(licence) for licence in stated)
    assert (download.login is not None) == known["registration"]
    urls = [url for file in download.files for url in file.urls]
    urls += [series.url for series in download.series]
    listed = [known["synapse_id"]] if name == "mama_mia" else known["urls"]
    # The labels of KiTS are in the repository that the facts name.
    assert set(urls) == set(listed) or all(any(u.startswith(k) for k in listed) for u in urls)
    for key in ("sha256", "md5"):
        sums = [getattr(file, key) for file in download.files]
        assert [s for s in sums if s] == [known[key]] * (known[key] is not None)
    sizes = [known[key] / unit for key, unit in IN_GIB.items() if key in known]
    assert [download.size_gib] == [pytest.approx(s, rel=0.02) for s in sizes] or not sizes
    for file in download.files:
        assert "archive" not in known or known["archive"].startswith(file.name)
        assert file.password is None or file.password in known["archive"]
        assert file.bytes == known.get("size_bytes")


def test_the_strictest_of_contradicting_licences_counts():
    """As what is stated differs: attribution, share alike, no commercial use."""
    card = load_card("amos")
    marks = [set(one.licence.split("-")) & {"BY", "NC", "SA"} for one in card.stated_licences]
    assert set(card.licence.split("-")) & {"BY", "NC", "SA"} == set.union(*marks)
    assert marks[0] != marks[1]


def test_the_collections_of_mama_mia_have_their_licences():
    card = load_card("mama_mia")
    assert {one.of: one.licence for one in card.collections} == {
        "ISPY1": "CC-BY-3.0",
        "Breast-MRI-NACT-Pilot": "CC-BY-3.0",
        "ISPY2": "CC-BY-4.0",
        "Duke-Breast-Cancer-MRI": "CC-BY-NC-4.0",
    }
    assert all("10.7937" in one.url for one in card.collections)
    assert "further distribution" in " ".join(load_card("word").terms.split())


def test_the_list_of_acdc_is_the_authors(facts):
    from nnactive.data.prepare.split import split_cases

    card, known = load_card("acdc"), facts["acdc"]
    frames = [
        f"{patient}_frame{frame:02d}"
        for side in ("pool_patients", "test_patients")
        for patient in known["split"][side]
        for frame in (1, 12)
    ]
    pool, test = split_cases(frames, card)
    assert (len(pool), len(test)) == (known["n_pool"], known["n_test"])
    assert {case[:10] for case in test} == set(known["split"]["test_patients"])


@pytest.mark.parametrize(
    ("name", "number", "classes", "cases", "spacing", "patch", "stride", "candidates", "totals"),
    [
        ("acdc", 27, 3, 200, (5, 1.5625, 1.5625), (4, 40, 40), (1, 8, 8), 20, (150, 300, 450)),
        ("amos", 216, 15, 200, (2, 0.6875, 0.6875), (32, 74, 74), 8, 20, (200, 1000, 2500)),
        ("kits", 135, 3, 300, 0.78125, (64, 64, 64), 8, 20, (200, 1000, 2500)),
        ("hippocampus", 4, 2, 260, 1, (20, 20, 20), 1, 20, (100, 200, 300)),
        ("lits", 3, 2, 131, (1, 0.7676, 0.7676), (28, 44, 39), 8, 150, (750,)),
        ("word", 654, 16, 120, (3, 0.9766, 0.9766), (29, 74, 87), (4, 8, 8), 800, (4000,)),
        ("toothfairy2", 119, 42, 480, 0.3, (33, 34, 35), (4, 6, 6), 50, (10500,)),
        ("mama_mia", 95, 1, 1506, (2, 0.7031, 0.7031), (16, 48, 57), (2, 4, 4), 100, (500,)),
    ],
)
def test_the_protocols_table(
    name, number, classes, cases, spacing, patch, stride, candidates, totals
):
    card = load_card(name)
    assert (card.id, len(card.labels) - 1, card.cases) == (number, classes, cases)
    assert card.spacing == (spacing if isinstance(spacing, tuple) else (spacing,) * 3)
    assert card.query_patch == patch
    assert card.stride == (stride if isinstance(stride, tuple) else (stride,) * 3)
    assert card.candidates == candidates
    found = tuple(b.starting + (b.loops - 1) * b.query for b in card.budgets.values())
    assert found == totals


def test_the_patches_that_were_run_not_those_that_were_printed():
    halves = {name: load_card(name).half_patch for name in NAMES}
    assert halves["acdc"] == (2, 20, 20)
    assert halves["amos"] == (16, 32, 32)
    assert halves["kits"] == (32, 32, 32)
    assert halves["hippocampus"] == (10, 10, 10)
    assert [halves[name] for name in NAMES[4:]] == [None] * 4


def test_two_are_predicted_without_mirroring_and_one_trained_so():
    plain = [n for n in NAMES if not load_card(n).inference.test_mirror]
    assert plain == ["toothfairy2", "mama_mia"]
    assert [n for n in NAMES if not load_card(n).training.mirror] == ["toothfairy2"]
    assert load_card("mama_mia").inference.test_tile_step == 0.75


def test_full_data_dice_without_a_result_file_is_none():
    assert load_card("hippocampus").full_data_dice == {200: None, 500: None, 1000: 0.895016}
    assert load_card("toothfairy2").full_data_dice[1000] is None
    assert load_card("word").full_data_dice[200] == 0.806775


def test_a_printed_full_data_dice_stands_in_where_nothing_else_is_known():
    assert load_card("hippocampus").known_full_data_dice(200) == 0.895
    assert load_card("hippocampus").known_full_data_dice(1000) == 0.895016
    assert load_card("toothfairy2").known_full_data_dice(1000) == 0.752
    assert load_card("phantom").known_full_data_dice(200) is None
    for name in NAMES:
        card = load_card(name)
        assert not {e for e, known in card.full_data_dice.items() if known} & set(
            card.full_data_dice_printed
        )


def test_the_label_map_of_toothfairy2_is_that_of_nnunets_own_converter():
    from nnunetv2.dataset_conversion.Dataset119_ToothFairy2_All import mapping_DS119

    assert load_card("toothfairy2").label_map == mapping_DS119()
