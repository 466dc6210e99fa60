import json
from pathlib import Path

import pytest
import yaml

from benchmark.cli.main import main
from benchmark.collect import full_data_dice
from benchmark.layout import (
    Experiment,
    loop_folder,
    member_file,
    query_file,
    result_file,
)
from benchmark.tracks import experiments, load_track, track_names
from nnactive.data.cards import load_card
from nnactive.errors import UserError
from nnactive.geometry import clip_size
from nnactive.methods import BUILTIN, STARTS
from nnactive.settings import Limits, Setting

ROOT = Path(__file__).resolve().parents[2]
FACTS = ROOT.parent / "shared" / "spec" / "datasets.yaml"
FURTHER = ("query_size", "training_length", "precomputed", "noise")
BEYOND = ("slices", "resenc", "noisy_annotator")
STUDIES = ("main", "patch_half", "full", "rollout", "core", "core_screen", *FURTHER)
MINIMAL = """
name: mine
title: Mine
description: Of my own.
comparable: false
seeds: [3, 4]
methods: [random, bald]
settings:
  - dataset: hippocampus
    regime: low
  - dataset: hippocampus
    regime: own
    name: hippocampus_own
    starting_budget: 7
    query_size: 5
    loops: 2
    patch_size: [1, 2, 3]
    training: {folds: 2}
"""
ERRS = "{boundary_sd_mm: 21, boundary_length_mm: 30, missed_share: 0, missed_below_mm3: 1}"
FROM_CARDS = """
name: mine
title: Mine
description: Of my own.
comparable: true
seeds: [3]
methods: [random]
cards:
  - datasets: [acdc, hippocampus]
    regimes: [low, high]
    patch: half
    candidates: query_size
    training: {epochs: 500}
"""


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return str(path)


def test_settings_take_from_the_card_what_they_leave_out(tmp_path) -> None:
    low, own = load_track(write(tmp_path, MINIMAL)).settings
    assert low.name == "hippocampus_low"
    assert (low.patch_size, low.stride, low.candidates) == ((20, 20, 20), (1, 1, 1), 20)
    # 100 patches in 5 loops: protocol section 2, total budget of the low regime.
    assert (low.starting_budget, low.query_size, low.loops) == (20, 20, 5)
    assert low.training.folds == 5
    assert (own.patch_size, own.stride) == ((1, 2, 3), (1, 1, 1))
    assert (own.starting_budget, own.query_size, own.loops) == (7, 5, 2)


def test_expansion_is_setting_by_method_by_seed(tmp_path) -> None:
    track = load_track(write(tmp_path, MINIMAL))
    listed = list(experiments(track, ("random", "M-12345678")))
    assert len(listed) == len(set(listed)) == 2 * 2 * 2
    assert listed[:3] == [
        Experiment("hippocampus_low", "random", 3),
        Experiment("hippocampus_low", "random", 4),
        Experiment("hippocampus_low", "M-12345678", 3),
    ]
    # 2 seeds x (5 folds x (1 shared loop + 4 x 2 methods) + 2 folds x (1 + 1 x 2)).
    assert track.trainings == 2 * (5 * 9 + 2 * 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("seeds: [3, 4]", "seeds: []"), "field 'seeds'"),
        (("seeds: [3, 4]", "seeds: [3, 3]"), "field 'seeds': duplicate '3'; list it once"),
        (("methods: [random, bald]", "methods: random"), "field 'methods'"),
        (("random, bald", "random, blad"), "field 'methods.1': .*unknown .*'blad'"),
        (("random, bald", "random, 'power_bald,beta=x'"), "field 'methods.1': .*'?beta"),
        (("random, bald", "random, power_bald=3"), "field 'methods.1'"),
        (("random, bald", "random, 'mine.py:Mine'"), "field 'methods.1': mine.py: no such file"),
        (("seeds: [3, 4]", "seeds: [3, -4]"), "field 'seeds.1': Input should be greater"),
        (("seeds: [3, 4]", f"seeds: [3, {2**63}]"), "field 'seeds.1': Input should be less"),
        (("seeds: [3, 4]", "seeds: [3, true]"), "field 'seeds.1': .*valid integer"),
        (("seeds: [3, 4]", "seeds: [3, 4]\nseeds: [5]"), "duplicate key 'seeds' at line 7"),
        (("name: mine", "name: main"), "field 'name': 'main' is a track that comes with"),
        (("name: mine", "name: My Track"), "field 'name': 'My Track' isn't a name of low"),
        (("name: mine", "name: ../mine"), "field 'name'"),
        (("name: mine", "colour: red\nname: mine"), "field 'colour': unknown field"),
        (("name: mine", "queries: {track: main}\nname: mine"), "'queries' belongs in an entry of"),
        (("query_size: 5", "query_size: 0"), r"field 'settings.1.query_size'"),
        (("query_size: 5", "querysize: 5"), r"field 'settings.1.querysize'"),
        (("{folds: 2}", "{folds: 1}"), r"field 'settings.1.training.folds'"),
        (("regime: low", "regime: lowest"), "has no regime 'lowest'"),
        (
            ("dataset: hippocampus", "dataset: hypocampus"),
            "field 'settings.0.dataset': unknown dataset 'hypocampus'",
        ),
        (("name: hippocampus_own", "name: hippocampus_low"), "duplicate 'hippocampus_low'"),
        (("seeds: [3, 4]", "seeds: [3, 4"), "not valid YAML"),
        (("regime: low", "regime: low\n    queries: {track: mine}"), "'mine' is this track"),
        (
            (
                "regime: low",
                f"regime: low\n    annotator: {ERRS}",
            ),
            r"field 'settings.0.annotator.boundary_sd_mm': .*less than or equal to 20",
        ),
        ((MINIMAL, "- a list"), "field 'content'"),
        (("settings:", "cards:"), "field 'cards.0.datasets'"),
        ((MINIMAL[MINIMAL.index("settings") :], ""), "needs 'settings', 'cards' or both"),
    ],
)
def test_a_wrong_track_names_file_and_field(tmp_path, change, message) -> None:
    text = MINIMAL.replace(*change, 1)
    assert text != MINIMAL
    with pytest.raises(UserError, match=message) as caught:
        load_track(write(tmp_path, text))
    assert "\n" not in str(caught.value)
    assert "mine.yaml: " in str(caught.value)


def test_an_unknown_track_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match="unknown track 'nope'; known tracks: coldstart, "):
        load_track("nope")
    with pytest.raises(UserError, match=r"nope\.yaml: no such track file"):
        load_track("nope.yaml")


def test_a_folder_is_no_track(tmp_path, capsys) -> None:
    folder = tmp_path / "mine.yaml"
    folder.mkdir()
    assert main(["track", "show", str(folder)]) == 2
    assert f"error: {folder}: a folder, not a track file" in capsys.readouterr().err


def test_one_loop_is_enough_for_a_track(tmp_path) -> None:
    track = load_track(write(tmp_path, MINIMAL.replace("loops: 2", "loops: 1")))
    assert track.settings[1].loops == 1


def test_a_track_may_limit_its_queries(tmp_path) -> None:
    text = MINIMAL.replace("loops: 2", "loops: 2\n    limits: {hours: 2, memory_gib: 8}")
    low, own = load_track(write(tmp_path, text)).settings
    assert low.limits == Limits()
    assert own.limits == Limits(hours=2, memory_gib=8)
    # A setting that was written before there were any is the same.
    before = low.model_dump(exclude={"limits"})
    assert Setting.model_validate(before) == low


def test_a_track_that_comes_with_the_benchmark_may_be_given_by_its_path() -> None:
    assert load_track(str(ROOT / "benchmark" / "tracks" / "demo.yaml")) == load_track("demo")


@pytest.mark.parametrize("name", [*track_names(), "tests/e2e/hippocampus_ci.yaml"])
def test_the_tracks_that_come_with_it_are_whole(name, monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    track = load_track(name)
    # Results of reduced-cost tracks compare only with each other.
    assert track.comparable == (name in {*STUDIES, *BEYOND, "coldstart"})
    assert all(setting.loops >= 2 for setting in track.settings)
    names = {text.partition(",")[0] for text in track.methods}
    assert names <= set(STARTS if track.query else BUILTIN)


def test_cards_stand_for_every_dataset_in_every_regime(tmp_path) -> None:
    settings = load_track(write(tmp_path, FROM_CARDS)).settings
    assert [setting.name for setting in settings] == [
        "acdc_low_half",
        "acdc_high_half",
        "hippocampus_low_half",
        "hippocampus_high_half",
    ]
    high = settings[1]
    assert (high.patch_size, high.stride, high.candidates) == ((2, 20, 20), (1, 8, 8), 90)
    assert (high.starting_budget, high.query_size, high.loops) == (90, 90, 5)
    assert (high.training.epochs, high.training.folds) == (500, 5)
    (_, *rest) = load_track(write(tmp_path, FROM_CARDS.replace("half", "query"))).settings
    assert (rest[0].name, rest[0].patch_size) == ("acdc_high", (4, 40, 40))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("patch: half", "patch: third"), "field 'cards.0.patch'"),
        (("regimes: [low, high]", "regimes: low"), "field 'cards.0.regimes'"),
        (("[acdc, hippocampus]", "[acdc, nose]"), "'cards.0.datasets': unknown dataset 'nose'"),
        (("regimes: [low, high]", "regime: [low]"), "field 'cards.0.reg"),
        (("[low, high]", "[low, highest]"), "has no regime 'highest'"),
        (("query_size", "many"), "field 'cards.0.candidates"),
        (("[acdc, hippocampus]", "[acdc, acdc]"), "field 'settings': duplicate 'acdc_low_half'"),
        (("[acdc, hippocampus]", "[lits]"), "field 'cards.0': the card of lits has no half_patch"),
        (("epochs: 500", "epoch: 500"), "field 'cards.0.training.epoch'"),
    ],
)
def test_wrong_cards_are_refused_with_the_fields_name(tmp_path, change, message) -> None:
    text = FROM_CARDS.replace(*change)
    assert text != FROM_CARDS
    with pytest.raises(UserError, match=message) as caught:
        load_track(write(tmp_path, text))
    assert "\n" not in str(caught.value)
    assert "mine.yaml" in str(caught.value)


def test_a_patch_may_be_a_slice_across_the_axis_of_the_card(tmp_path) -> None:
    slices = load_track("slices")
    found = {setting.name: setting for setting in slices.settings}
    assert list(found) == ["amos_low_slice", "kits_low_slice", "acdc_high_slice"]
    assert found["amos_low_slice"].patch_size == found["acdc_high_slice"].patch_size
    assert clip_size(found["amos_low_slice"].patch_size, (90, 80, 70)) == (1, 80, 70)
    # SimpleITK reads KiTS with the slices along its last axis.
    assert clip_size(found["kits_low_slice"].patch_size, (90, 80, 70)) == (90, 80, 1)
    assert {setting.stride for setting in slices.settings} == {(1, 1, 1)}
    both = FROM_CARDS.replace("patch: half", "patch: slice").replace("stride: [8, 8, 8]", "")
    assert {s.name for s in load_track(str(write(tmp_path, both))).settings} >= {
        "acdc_low_slice",
        "hippocampus_low_slice",
    }


def test_settings_with_another_network_or_an_annotator_are_tracks_of_their_own() -> None:
    plain = {setting.name: setting for setting in load_track("main").settings}
    for setting in load_track("resenc").settings:
        assert setting.training.network == "resenc_m"
        usual = plain[setting.name]
        training = setting.training.model_copy(update={"network": None})
        assert setting.model_copy(update={"training": training}) == usual
        assert full_data_dice(setting, load_card(setting.dataset)) is None
        assert full_data_dice(usual, load_card(setting.dataset)) is not None
    for setting in load_track("noisy_annotator").settings:
        assert setting.annotator is not None
        assert setting.model_copy(update={"annotator": None}) == plain[setting.name]
        # What is left to gain is measured against labels without errors.
        assert full_data_dice(setting, load_card(setting.dataset)) is not None


def test_rules_of_a_dataset_hold_unless_the_track_says_otherwise(tmp_path) -> None:
    rollout = {setting.dataset: setting for setting in load_track("rollout").settings}
    tooth, breast = rollout["toothfairy2"], rollout["mama_mia"]
    assert (tooth.training.mirror, tooth.inference.test_mirror) == (False, False)
    assert (breast.training.mirror, breast.inference.test_mirror) == (True, False)
    assert (breast.inference.test_tile_step, breast.inference.query_tile_step) == (0.75, 0.75)
    text = MINIMAL.replace("hippocampus", "toothfairy2").replace("low", "rollout")
    text = text.replace("{folds: 2}", "{folds: 2, mirror: true}")
    card, own = load_track(write(tmp_path, text)).settings
    assert (card.training.mirror, own.training.mirror) == (False, True)
    assert (own.training.folds, own.inference.test_mirror) == (2, False)


@pytest.mark.parametrize(
    ("name", "settings", "methods", "shared", "unshared"),
    [
        # 4 seeds x 5 folds x settings x (1 + 4 x methods), or 5 x methods.
        ("main", 12, 12, 11_760, 14_400),
        ("patch_half", 12, 9, 8_880, 10_800),
        ("full", 24, 9, 17_760, 21_600),
        ("rollout", 4, 4, 1_360, 1_600),
    ],
)
def test_the_papers_studies_have_their_size(name, settings, methods, shared, unshared) -> None:
    track = load_track(name)
    assert (len(track.settings), len(track.methods)) == (settings, methods)
    assert track.seeds == (12345, 12346, 12347, 12348)
    assert (track.trainings, track.trainings_unshared) == (shared, unshared)
    assert track.experiments_per_seed == settings * methods


def test_full_is_main_and_patch_half() -> None:
    main_study, half, full = (load_track(name) for name in ("main", "patch_half", "full"))
    assert full.settings == (*main_study.settings, *half.settings)
    assert full.experiments_per_seed == 216
    assert full.methods == half.methods
    assert set(full.methods) <= set(main_study.methods)


METHODS = {
    "random": "random",
    "random-label": "random_fg66",
    "random-label2": "random_fg33",
    "pred_entropy": "predictive_entropy",
    "mutual_information": "bald",
    "power_bald": "power_bald",
    "power_pe": "power_pe",
    "softrank_bald": "softrank_bald",
    "class_pe33": "cla_pe_33",
    "class_pe66": "cla_pe_66",
    "class_power_pe66": "clap_pe",
    "class_power_pe66_exp": "clasp_pe",
}
"""Ours by the authors' name."""


@pytest.mark.skipif(not FACTS.is_file(), reason="the facts are not at ../shared/spec")
def test_every_setting_is_one_that_the_authors_ran() -> None:
    """All four studies against the authors' grid of experiments, and nothing of it left out."""
    ran = {}
    for row in yaml.safe_load(FACTS.read_text())["experiment_grid"]:
        usual = row["trainer"].startswith("nnActive") and row["trainer"].endswith("200epochs")
        usual = usual and row["steps"] == 5 and "random" in row["strategies"]
        if not usual or row["precomputed"]:
            continue
        stride = json.loads(row["agg_stride"])
        ran[row["dataset"], tuple(row["patch"]), row["sbs"]] = {
            "query_size": row["qs"],
            "loops": row["steps"],
            "stride": tuple(stride) if isinstance(stride, list) else (stride,) * 3,
            "candidates": row["n_patch_per_image"],
            "mirror": "NoMirroring" not in row["trainer"],
            "test_mirror": not row["no_tta"],
            "test_tile_step": row["pred_tile_step"],
            "seeds": tuple(row["seeds"]),
            "methods": {METHODS[name] for name in row["strategies"] if name in METHODS},
        }
    ours = {}
    for track in map(load_track, ("main", "patch_half", "rollout")):
        for setting in track.settings:
            name = load_card(setting.dataset).nnunet_name
            ours[name, setting.patch_size, setting.starting_budget] = {
                "query_size": setting.query_size,
                "loops": setting.loops,
                "stride": setting.stride,
                "candidates": setting.candidates,
                "mirror": setting.training.mirror,
                "test_mirror": setting.inference.test_mirror,
                "test_tile_step": setting.inference.test_tile_step,
                "seeds": track.seeds,
                "methods": set(track.methods),
            }
            assert (setting.training.epochs, setting.training.folds) == (200, 5)
    assert len(ours) == 28
    assert ours == ran


def test_a_part_of_a_track_has_the_settings_of_a_dataset_or_a_regime() -> None:
    full = load_track("full")
    part = full.part(dataset="hippocampus", regime="low")
    assert [s.name for s in part.settings] == ["hippocampus_low", "hippocampus_low_half"]
    assert (part.name, part.methods, part.seeds) == (full.name, full.methods, full.seeds)
    assert len(full.part(regime="high").settings) == 8
    assert full.part() == full
    with pytest.raises(UserError, match="no setting with dataset 'lits'; choose from acdc, amos"):
        full.part(dataset="lits")
    with pytest.raises(UserError, match="no setting with regime 'lite'; choose from low, medium"):
        full.part(dataset="acdc", regime="lite")


def test_track_list_and_show_print_what_is_run(capsys) -> None:
    assert main(["track", "list"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in track_names())
    assert max(map(len, listed.splitlines())) <= 100
    assert main(["track", "show", "full"]) == 0
    shown = capsys.readouterr().out
    assert "settings: 24; experiments: 216 per seed, 864 in total" in shown
    assert "17,760 with loop 0 shared (21,600 if every experiment trained its own" in shown
    assert "seeds: 12345, 12346, 12347, 12348" in shown
    assert all(setting.name in shown for setting in load_track("full").settings)
    assert main(["track", "show", "main", "--yaml", "--dataset", "acdc", "--regime", "low"]) == 0
    (setting,) = yaml.safe_load(capsys.readouterr().out)["settings"]
    assert (setting["name"], setting["stride"]) == ("acdc_low", [1, 8, 8])


@pytest.mark.parametrize(
    "command", [["track", "run", "main"], ["submit", "bald", "--track", "main"]]
)
def test_a_run_takes_a_part_of_a_track(command, monkeypatch, capsys) -> None:
    run = []
    monkeypatch.setattr(
        "benchmark.cli.commands.tracks.run_track", lambda track, *_: run.append(track)
    )
    assert main([*command, "--dataset", "kits", "--regime", "low"]) == 0
    assert main(command) == 0
    part, whole = run
    assert [setting.name for setting in part.settings] == ["kits_low"]
    assert len(whole.settings) == 12
    assert main([*command, "--dataset", "phantom"]) == 2
    assert "no setting with dataset 'phantom'" in capsys.readouterr().err


def test_hippocampus_lite_is_the_track_of_the_measured_figures() -> None:
    track = load_track("hippocampus_lite")
    (setting,) = track.settings
    assert setting.patch_size == (20, 20, 20)
    assert (setting.starting_budget, setting.query_size, setting.loops) == (20, 20, 3)
    assert track.seeds == (12345, 12346)
    assert track.methods == ("random", "random_fg66", "predictive_entropy")


def test_loop_0_lies_in_one_place_for_all_methods() -> None:
    one, other = Experiment("s", "random", 1), Experiment("s", "bald", 1)
    assert query_file(one, 0) == query_file(other, 0) == Path("s/start/seed_1/loop_000.json")
    assert loop_folder(one, 0) == loop_folder(other, 0)
    assert query_file(one, 1) == Path("s/random/seed_1/loop_001.json")
    assert member_file(one, 2, 1) == Path("s/random/seed_1/loop_002/fold_1.pth")
    assert result_file(one) != result_file(other)


@pytest.mark.parametrize("name", track_names())
def test_no_track_is_too_short_in_epochs_for_nnunets_learning_rate_to_decay(name) -> None:
    """nnU-Net steps its rate once an epoch; a cheap track may not change that schedule."""
    assert all(setting.training.epochs >= 10 for setting in load_track(name).settings)
