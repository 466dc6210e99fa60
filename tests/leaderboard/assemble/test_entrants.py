import subprocess

import pytest

from benchmark.results import ImageUsed
from leaderboard.assemble.entrants import command, environments


def test_a_card_by_hand(make, league_of, change, broken):
    mine = make("Mine-0123abcd", 1, origin="submission", name="Mine", description="It ``chooses``.")
    failed = make("Mine-0123abcd", 2, (), origin="submission", name="Mine", failure=broken)
    mine, failed = (
        change(each, "method", reference="Me 2026", parameters={"b": 2.0, "a": "x"})
        for each in (mine, failed)
    )
    league = league_of(make("random", 1, oracle=True), make("random", 2), mine, failed)
    random, card = league.entrants
    assert random.badges == ("baseline", "oracle")
    assert random.problems == ()
    assert card.league == league.key
    assert (card.id, card.name, card.description) == ("Mine-0123abcd", "Mine", "It chooses.")
    assert (card.reference, card.oracle, card.source_hash) == (
        "Me 2026",
        False,
        f"0123abcd{'0' * 56}",
    )
    assert card.badges == ("submission", "failed")
    assert dict(card.parameters) == {"a": "x", "b": "2.0"}
    assert list(card.parameters) == ["a", "b"]
    assert card.problems == (f"seed 2, loop 1, query: {broken.reason}",)
    (line,) = card.environments
    assert line == (
        "Some CPU, 2 cores; no accelerator; Python 3.11.2; nnunetv2 2.8.1, torch 2.14.1; "
        "commit 1e99253; no container"
    )


def test_an_older_protocol_is_outdated_and_a_newer_patch_of_it_is_not(make, board_of):
    results = [make(protocol_version=version) for version in ("0.9", "1.0.3", "1.0", "1.1")]
    badges = [
        (league.protocol, "outdated protocol" in league.entrants[0].badges)
        for league in board_of(results[0], results[1], results[3]).leagues
    ]
    assert sorted(badges) == [("0.9", True), ("1.0", False), ("1.1", False)]


def test_baselines_come_first_so_that_a_submission_moves_none(make, league_of):
    league = league_of(make("b"), make("A-0123abcd", origin="submission"), make("a"))
    assert [entrant.id for entrant in league.entrants] == ["a", "b", "A-0123abcd"]


def test_different_environments_are_told_once_each(make, change):
    other = change(make(seed=2), "environment", cpu="Other CPU")
    assert len(environments([make(), make(seed=3), other])) == 2


@pytest.mark.parametrize(
    ("method", "origin", "parameters", "text"),
    [
        ("random", "builtin", {}, "make benchmark TRACK=demo"),
        ("coreset", "builtin", {}, "make submit METHOD=coreset TRACK=demo"),
        (
            "power_bald,beta=5",
            "builtin",
            {"beta": 5.0},
            "make submit METHOD=power_bald,beta=5 TRACK=demo",
        ),
        (
            "Mine-0123abcd",
            "submission",
            {"k": 3},
            "make submit METHOD=path/to/file.py:Mine TRACK=demo",
        ),
        (
            "Mine-0123abcd,k=4",
            "submission",
            {"k": 4, "other": 1},
            "make submit METHOD=path/to/file.py:Mine,k=4 TRACK=demo",
        ),
        (
            "Mine-0123abcd,89abcdef",
            "submission",
            {"k": 4, "z": True},
            "make submit METHOD=path/to/file.py:Mine,k=4,z=true TRACK=demo",
        ),
    ],
)
def test_the_command_that_runs_it_again(make, change, method, origin, parameters, text):
    result = change(make(method, origin=origin), "method", parameters=parameters)
    assert command(result) == text


@pytest.mark.parametrize(
    "text", ["$(touch x)", "a;b", "a b", "`a`", "a'b", 'a"', "a\nb", "a|b", "é", "a,b", "a,k=2"]
)
def test_no_command_holds_what_a_shell_or_make_would_run(make, change, text):
    named = [make(text), make(text, origin="submission"), make(track=text)]
    for result in (
        # A comma in an id separates its parameters.
        *(named if "," not in text else []),
        change(make("p,k=1"), "method", parameters={"k": text}),
        change(make("p,89abcdef"), "method", parameters={text: 1}),
    ):
        assert command(result) == ""


def test_a_track_that_comes_with_the_benchmark_is_known(make):
    assert command(make("clasp_pe", track="main")) == "make benchmark TRACK=main"
    assert command(make("clasp_pe", track="own")) == "make submit METHOD=clasp_pe TRACK=own"


def test_the_command_says_to_make_what_it_says_to_people(make, tmp_path):
    (tmp_path / "Makefile").write_text("submit:\n\t@echo '$(METHOD)' '$(TRACK)'\n")
    # Make within make would say where it is.
    words = [*command(make("coreset")).split(), "--no-print-directory"]
    out = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert out.stdout == "coreset demo\n"


def test_a_name_that_several_bear_has_the_id_behind_it(make, league_of):
    league = league_of(
        make("random"),
        make("bald"),
        make("Mine-0123abcd", origin="submission", name="Random"),
    )
    assert [entrant.name for entrant in league.entrants] == [
        "BALD",
        "Random (random)",
        "Random (Mine-0123abcd)",
    ]


def test_a_submission_with_a_baselines_id_is_a_method_of_its_own(make, league_of):
    mine = [make("random", seed, (0.9, 0.9, 0.9), origin="submission") for seed in (1, 2)]
    league = league_of(make("random", 1), make("bald", 1), make("bald", 2), *mine)
    found = {entrant.key: (entrant.id, entrant.badges[0]) for entrant in league.entrants}
    assert sorted(found.values()) == [
        ("bald", "baseline"),
        ("random", "baseline"),
        ("random", "submission"),
    ]
    ranks = {found[row.entrant]: (row.rank, row.status) for row in league.views[0].rows}
    assert ranks["random", "baseline"] == (None, "incomplete")
    assert ranks["random", "submission"] == (1, "complete")


def test_a_card_says_the_image_and_the_layer(make, change):
    used = {"variant": "cuda13", "lock": "f" * 64, "requirements": ("x==1",)}
    told = ImageUsed(digest="sha256:b", base="sha256:a", **used)
    lines = {
        image: environments([change(make("random", 1), "environment", image=image)])[0]
        for image in (told, ImageUsed(digest=None, **used))
    }
    ends = [
        "; image cuda13, sha256:b on sha256:a with x==1",
        "; image cuda13, digest unknown with x==1",
    ]
    assert [
        line.endswith(f"{end} lock ffffffffffff")
        for line, end in zip(lines.values(), ends, strict=True)
    ] == [True, True]


@pytest.mark.parametrize(
    ("ways", "badge"),
    [
        (("trusted", "bubblewrap", "landlock"), None),
        (("trusted", "bubblewrap", "none"), "not isolated"),
        (("trusted", None, "none"), "not isolated"),
        (("none", "bubblewrap", "bubblewrap"), None),
        (("trusted", "bubblewrap", None), "isolation unknown"),
    ],
)
def test_a_submission_says_how_its_own_loops_were_kept_from_labels(make, league_of, ways, badge):
    def isolated(result):
        loops = zip(result.loops, ways, strict=True)
        changed = tuple(loop.model_copy(update={"isolation": way}) for loop, way in loops)
        return result.model_copy(update={"loops": changed})

    mine = make("Mine-0123abcd", origin="submission")
    league = league_of(isolated(make("random")), isolated(mine))
    cards = {entrant.id: entrant.badges for entrant in league.entrants}
    assert cards["random"] == ("baseline",)
    assert cards["Mine-0123abcd"] == ("submission", *([badge] if badge else []))
