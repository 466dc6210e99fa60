"""docs/datasets.md agrees with the cards, and its numbers with what is computed."""

from pathlib import Path

import numpy as np
import pytest

from benchmark.tracks import load_track
from nnactive.data.cards import Card, list_cards, load_card
from nnactive.data.own.guide import derive
from nnactive.data.own.structure_sizes import raw_boxes
from nnactive.data.raw.scan import scan

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "datasets.md").read_text()
HIPPOCAMPUS = ROOT.parent / "shared" / "data" / "hippocampus"


def sizes(values) -> str:
    return ", ".join(f"{value:g}" for value in values) if values else "nnU-Net's own"


def sides(card: Card) -> str:
    # Two frames of each patient, on one side.
    test = card.cases // 4
    return f"{card.cases - test} / {test}"


def row(card: Card) -> str:
    budgets = (b.starting + (b.loops - 1) * b.query for b in card.budgets.values())
    cells = (
        f"`{card.name}`",
        card.title,
        card.modality or "-",
        len(card.classes) - 1,
        card.cases,
        sides(card),
        sizes(card.spacing),
        sizes(card.query_patch),
        ", ".join(str(budget) for budget in budgets),
        card.split.kind,
        card.licence,
        "yes" if card.download and card.download.login else "no",
    )
    return f"| {' | '.join(map(str, cells))} |"


def test_the_table_is_that_of_the_cards(monkeypatch) -> None:
    monkeypatch.delenv("NNACTIVE_DATASETS", raising=False)
    written = [
        line for line in TEXT.splitlines() if line.startswith("| `") and line.count("|") > 10
    ]
    assert written == [row(load_card(name)) for name in list_cards()]


@pytest.mark.parametrize("name", ["main", "patch_half", "full", "rollout"])
def test_the_tracks_have_the_size_that_is_told(name) -> None:
    track = load_track(name)
    (line,) = (line for line in TEXT.splitlines() if line.startswith(f"| `{name}` |"))
    assert line.endswith(f"| {len(track.settings)} | {len(track.methods)} |")


def test_the_example_track_is_one(tmp_path) -> None:
    (block,) = (part for part in TEXT.split("```yaml\n")[1:])
    file = tmp_path / "longer.yaml"
    file.write_text(block.partition("```")[0])
    settings = load_track(str(file)).settings
    assert [setting.training.epochs for setting in settings] == [*[500] * 4, 200]
    assert [setting.candidates for setting in settings][:4] == [200, 500, 200, 500]
    assert (settings[4].name, settings[4].query_size, settings[4].loops) == (
        "acdc_low_query_half",
        15,
        9,
    )


@pytest.mark.slow
@pytest.mark.skipif(not HIPPOCAMPUS.is_dir(), reason="the data is not at ../shared")
def test_the_guidelines_patch_of_the_real_hippocampus_is_the_one_told() -> None:
    card = load_card("hippocampus")
    measured = raw_boxes(card, scan(HIPPOCAMPUS, card), lambda *_: None)
    guide = derive(card.classes[1:], measured.cases, measured.spacing)
    rows = {each.name: each.box for each in guide.classes} | {"guideline": guide.patch}
    rows["papers"] = card.query_patch
    for name, size in rows.items():
        cells = " | ".join(f"{n:g}" for n in size)
        assert f"\n| {name} | {cells} |" in TEXT
    assert np.isfinite(measured.cases).all()
    assert f"{guide.patches_per_loop} patches per loop, {guide.budget} in total" in TEXT
