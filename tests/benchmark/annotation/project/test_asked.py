"""The texts of `annotate init` are read as they are meant, or refused in one line."""

from pathlib import Path

import pytest

from benchmark.annotation.project.asked import (
    MOST_CLASSES,
    channel_schemes,
    class_boxes,
    class_names,
    millimetres,
    project_name,
)
from nnactive.errors import UserError


def test_classes_are_in_the_order_that_they_are_given() -> None:
    assert class_names("tumour, liver vessel,Milz") == ("tumour", "liver vessel", "Milz")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no name"),
        ("liver,,tumour", "empty name"),
        ("liver,", "empty name"),
        ("background,liver", "'background' isn't a class"),
        ("liver,Ignore", "'Ignore' isn't a class"),
        ("all", "'all' stands for all patches"),
        ("liver,Liver", "'liver' and 'Liver' are the same"),
        ("liver=1", "contains ="),
        ("a/b", "contains /"),
        ('say "a"', 'contains "'),
        ("liver\n", ""),
        ("li\nver", "control characters"),
        (",".join(f"c{n}" for n in range(MOST_CLASSES + 1)), "at most 253"),
    ],
)
def test_classes_that_no_label_file_can_have_are_refused(text: str, told: str) -> None:
    if not told:  # what is around a name isn't part of it
        assert class_names(text) == ("liver",)
        return
    with pytest.raises(UserError, match=told) as caught:
        class_names(text)
    assert "\n" not in str(caught.value)


def test_a_channel_has_the_scheme_that_it_is_called_after_or_given() -> None:
    assert channel_schemes("CT", 1) == {"CT": "ct"}
    assert channel_schemes("T1, FLAIR=nonorm", 2) == {"T1": "zscore", "FLAIR": "nonorm"}


@pytest.mark.parametrize(
    ("text", "count", "told"),
    [
        ("CT", 2, "1 names, but the images have 2 channels"),
        ("T1,T1", 2, "'T1' occurs twice"),
        ("T1=hot", 1, "'hot' is no normalisation"),
        ("T1,", 2, "empty name"),
    ],
)
def test_channels_that_do_not_fit_are_refused(text: str, count: int, told: str) -> None:
    with pytest.raises(UserError, match=told):
        channel_schemes(text, count)


def test_lengths_are_three_or_one_for_all() -> None:
    assert millimetres("40,62.5, 60", "--patch-mm") == (40, 62.5, 60)
    assert millimetres("40", "--patch-mm") == (40, 40, 40)


@pytest.mark.parametrize("text", ["", "40,60", "40,60,60,60", "a,b,c", "0,1,1", "-1", "nan", "inf"])
def test_lengths_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"--patch-mm: '.*' isn't Z,Y,X in mm"):
        millimetres(text, "--patch-mm")


def test_boxes_belong_to_classes() -> None:
    classes = ("liver", "tumour")
    assert class_boxes(["tumour=20", "liver=160,150,200"], classes) == {
        "tumour": (20, 20, 20),
        "liver": (160, 150, 200),
    }
    for texts, told in (
        (["20"], "isn't CLASS=Z,Y,X"),
        (["kidney=20"], "no class 'kidney'; choose from: liver, tumour"),
        (["liver=1", "liver=2"], "'liver' is given twice"),
        (["liver=1,2"], "--box liver"),
    ):
        with pytest.raises(UserError, match=told):
            class_boxes(texts, classes)


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("liver", "liver"),
        ("Liver Mets (2026)", "liver_mets_2026"),
        ("__", "project"),
        ("Ä", "project"),
    ],
)
def test_a_project_is_called_after_its_folder(folder: str, name: str) -> None:
    assert project_name(None, Path("/data") / folder) == name


@pytest.mark.parametrize("name", ["", "Liver", "a b", "../x", ".x", "a.b"])
def test_names_that_are_no_part_of_file_names_are_refused(name: str) -> None:
    with pytest.raises(UserError, match="--name"):
        project_name(name, Path("/data"))
