"""Patches where a person says to look."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK
from own_project import STORED, hounsfield, make_project, source_of

from benchmark.annotation import priors
from benchmark.annotation.looks import parse_look
from benchmark.annotation.priors import Prior, intensities, place, prepared_box, step_of
from nnactive.data.unlabelled.source import Box
from nnactive.errors import UserError
from nnactive.geometry import Patch

SOURCES = {case: source_of(case) for case in ("a", "b")}
SIZE = (4, 4, 8)
BLOCK = (slice(5, 10), slice(4, 8), slice(10, 18))
"""Of `hounsfield`, in the prepared grid."""


@pytest.fixture(autouse=True)
def files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Reads stand-ins for the images' files."""
    reads: list[str] = []

    def read_channels(folder: Path, image: object) -> list[SimpleITK.Image]:
        reads.append(image.id)
        return [SimpleITK.GetImageFromArray(hounsfield())]

    module = SimpleNamespace(read_channels=read_channels)
    monkeypatch.setitem(sys.modules, "nnactive.data.unlabelled.read", module)
    return reads


def prior(*texts: str) -> Prior:
    project = make_project()
    looks = tuple(parse_look(text, project, SOURCES) for text in texts)
    return Prior(looks, project, Path("images"), SOURCES)


def test_the_prior_lies_where_the_file_has_it() -> None:
    image = intensities(SOURCES["a"], Path("images"))
    assert image.shape == STORED
    assert {tuple(voxel) for voxel in np.argwhere(image == 100)} == {
        (z, y, x) for z in range(5, 10) for y in range(4, 8) for x in range(10, 18)
    }
    label = prior("liver:intensity=40..120", "tumour:a=5,10,13").label("a")
    assert (label[BLOCK] > 0).all()
    assert (label > 0).sum() == 5 * 4 * 8
    assert np.argwhere(label == 2).tolist() == [[5, 5, 11]]
    assert not (prior("tumour:a=5,10,13").label("b")).any()


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (Box(start=(0, 0, 2), size=(12, 40, 24)), ((0, 20), (0, 12), (0, 24))),
        (Box(start=(4, 10, 12), size=(4, 10, 8)), ((5, 10), (4, 8), (10, 18))),
        (Box(start=(3, 11, 5), size=(1, 1, 1)), ((5, 6), (3, 4), (3, 4))),
        (Box(start=(0, 39, 0), size=(1, 1, 1)), ((19, 20), (0, 1), (0, 1))),  # in the margin
    ],
)
def test_a_box_in_the_prepared_grid(box: Box, expected: tuple[tuple[int, int], ...]) -> None:
    sides = prepared_box(SOURCES["a"], box)
    assert tuple((side.start, side.stop) for side in sides) == expected


def test_named_places_come_first_and_two_thirds_of_the_rest_seek_the_prior() -> None:
    said = prior("liver:intensity=40..120", "tumour:b=1,3,4", "tumour:a=10:12,30:40,20:28")
    chosen = place(said, [], (2, 2, 2), 60, ("n",))
    assert len(chosen) == 60
    first, second = chosen[:2]
    assert (first.case, second.case) == ("b", "a")
    assert (prior("tumour:b=1,3,4").label("b")[first.slices] == 2).any()
    assert (said.label("a")[second.slices] == 2).any()
    at_prior = sum(bool(said.label(p.case)[p.slices].any()) for p in chosen[2:])
    # Patches at random hit it, too, but rarely; and there is less room than is asked for.
    assert at_prior > 20
    assert not any(one.overlaps(other) for n, one in enumerate(chosen) for other in chosen[n + 1 :])
    assert place(said, [], (2, 2, 2), 60, ("n",)) == chosen
    assert place(said, [], (2, 2, 2), 60, ("m",)) != chosen


def test_no_image_is_read_for_boxes_alone(files: list[str]) -> None:
    place(prior("tumour:a=1:9,3:9,4:20"), [], SIZE, 5, ("n",))
    assert files == []


def test_what_is_there_is_not_overlapped(files: list[str]) -> None:
    taken = [Patch("a", (0, 0, 0), STORED)]
    chosen = place(prior("liver:intensity=0..200"), taken, SIZE, 5, ("n",))
    assert {patch.case for patch in chosen} == {"b"}
    with pytest.raises(UserError, match="would overlap one that is there already"):
        place(prior("tumour:a=1,3,4"), taken, SIZE, 5, ("n",))
    taken.append(Patch("b", (0, 0, 0), STORED))
    with pytest.raises(UserError, match="have room for 0 patches more, a round has 5"):
        place(prior("liver:intensity=0..200"), taken, SIZE, 5, ("n",))


def test_of_a_large_image_some_voxels_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ("liver:intensity=40..120", "tumour:a=10:12,30:40,20:28")
    whole = prior(*texts).label("a")
    monkeypatch.setattr(priors, "MOST_VOXELS", 1000)
    assert step_of(SOURCES["a"]) == 2
    thinned = prior(*texts).label("a")
    assert thinned.shape == (10, 6, 12)
    assert (thinned == 1).sum() == (whole[::2, ::2, ::2] == 1).sum() == 2 * 2 * 4
    assert (thinned == 2).any()
    chosen = place(prior(*texts), [], (2, 2, 2), 30, ("n",))
    assert sum(bool(whole[p.slices].any()) for p in chosen if p.case == "a") > 5
    assert {patch.stop[0] for patch in chosen} - set(range(11))  # not in the grid of the thinned


def test_more_places_than_patches() -> None:
    with pytest.raises(UserError, match="2 places, but a round has 1 patches"):
        place(prior("tumour:a=1,3,4", "tumour:b=1,3,4"), [], SIZE, 1, ("n",))
