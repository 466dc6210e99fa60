import pytest

from benchmark.consistency.names import unfit_names

CYRILLIC_A = "\N{CYRILLIC SMALL LETTER A}"
FULLWIDTH_B = "\N{FULLWIDTH LATIN SMALL LETTER B}"
OMICRON = "\N{GREEK SMALL LETTER OMICRON}"


@pytest.mark.parametrize(
    "name",
    [
        f"b{CYRILLIC_A}ld",
        "\N{FULLWIDTH LATIN SMALL LETTER B}ald",
        "p\N{GREEK SMALL LETTER OMICRON}wer BALD",
    ],
    ids=["cyrillic", "fullwidth", "greek"],
)
def test_a_submission_that_looks_built_in_is_refused(make, name):
    mine = make("Mine-0123abcd", name=name, origin="submission")
    (problem,) = unfit_names(mine)
    assert "looks like the built-in" in problem


@pytest.mark.parametrize("name", ["BALD", "Müller", "方法", "bald2"])
def test_honest_names_are_welcome(make, name):
    assert list(unfit_names(make("Mine-0123abcd", name=name, origin="submission"))) == []


def test_an_id_with_foreign_letters_is_refused(make):
    mine = make(f"b{CYRILLIC_A}ld-0123abcd,beta=1", name="mine", origin="submission")
    assert len(list(unfit_names(mine))) == 1


def test_a_plain_name_that_a_built_in_method_has_is_shown_with_the_id(make, league_of):
    league = league_of(make(), make("Mine-0123abcd", name="Power BALD", origin="submission"))
    assert [entrant.name for entrant in league.entrants] == [
        "Random",
        "Power BALD (Mine-0123abcd)",
    ]
