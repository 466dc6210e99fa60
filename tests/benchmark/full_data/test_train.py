"""The full-data reference of a tiny setting: trained once, kept with how it was made."""

from pathlib import Path

import pytest
import yaml

from benchmark.cli.main import main
from benchmark.full_data.train import reference, train_full
from benchmark.provenance import environment
from benchmark.tracks import load_track
from nnactive.data.card_fields import Reference
from nnactive.errors import UserError
from nnactive.io.files import read_model
from nnactive.settings import Setting
from nnactive.steps.annotate import Labelled, labelled_file


def seeded(setting: Setting) -> Setting:
    training = setting.training.model_copy(update={"seeded": True})
    return setting.model_copy(update={"training": training})


@pytest.mark.slow
def test_every_voxel_of_the_pool_is_labelled_and_nothing_is_done_twice(
    phantom: Path, setting: Setting, tmp_path: Path
) -> None:
    said: list[str] = []
    dice = train_full(seeded(setting), 7, phantom, tmp_path / "one", said.append, "cpu")
    labelled = read_model(labelled_file(tmp_path / "one" / "train"), Labelled)
    from nnactive.data.prepared import PreparedDataset

    info = PreparedDataset(phantom).info
    assert labelled.foreground == info.pool_voxels[1:]
    assert set(labelled.cases) == {case.id for case in info.pool}
    assert [line.split(": ")[1] for line in said] == ["train fold 0", "train fold 1", "evaluate"]
    said.clear()
    assert train_full(seeded(setting), 7, phantom, tmp_path / "one", said.append, "cpu") == dice
    assert said == []
    (tmp_path / "one" / "evaluation.json").unlink()
    (tmp_path / "one" / "fold_1.pth").unlink()
    assert train_full(seeded(setting), 7, phantom, tmp_path / "one", said.append, "cpu") == dice
    assert said[0].endswith("train fold 1")


def test_the_card_gets_mean_spread_and_how_it_was_made(setting: Setting) -> None:
    where = environment()
    made = reference(seeded(setting), {1: 0.5, 2: 0.7}, "nnactive-bench track reference t", where)
    assert (made.dice, made.seeds) == (0.6, (1, 2))
    assert made.sd == pytest.approx(0.141421, abs=1e-6)
    assert made.packages["torch"] == where.packages["torch"]
    assert made.belongs_to(seeded(setting).training, setting.inference)
    assert not made.belongs_to(setting.training, setting.inference)
    assert reference(setting, {1: 0.5}, "c", where).sd is None
    assert Reference.model_validate(yaml.safe_load(yaml.safe_dump(made.model_dump(mode="json"))))


def test_a_dataset_that_is_not_prepared_is_named(tmp_path: Path, capsys) -> None:
    words = ["track", "reference", "hippocampus_lite", "--data", str(tmp_path)]
    assert main([*words, "--runs", str(tmp_path / "runs")]) == UserError.exit_code
    assert "nnactive-bench data prepare hippocampus" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["demo", "coldstart_demo"])
def test_the_cards_of_the_reduced_cost_tracks_have_one(name: str) -> None:
    from nnactive.data.cards import load_card

    for setting in load_track(name).settings:
        known = load_card(setting.dataset).references
        found = [each for each in known if each.belongs_to(setting.training, setting.inference)]
        assert len(found) == 1
        assert found[0].sd is not None
