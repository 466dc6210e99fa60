"""An entry's method queries again, by the query step; the steps are stand-ins."""

import pytest
from toy import calls

from benchmark import layout
from benchmark.bundles.reproduce.compare import worst
from benchmark.bundles.reproduce.query import (
    Asked,
    QueryCheck,
    compare_patches,
    first_loop,
    query_again,
)
from nnactive.errors import UserError
from nnactive.io.files import write_text
from nnactive.io.queries import PatchRecord


def asked(reported, place, models, *, theirs: bool = True) -> Asked:
    return Asked(reported, place, models, theirs=theirs, note=lambda _: None)


def trained(folder, reported, content: str = "a network") -> None:
    """Networks of every loop, as a run with --keep leaves them."""
    for experiment, result in reported.results.items():
        for loop in result.loops:
            for fold in range(2):
                write_text(folder / layout.member_file(experiment, loop.loop, fold), content)


def test_equal_patches_are_counted_whatever_their_order() -> None:
    first, second, third = (
        PatchRecord(case="a", start=(0, 0, x), size=(4, 4, 4)) for x in (0, 4, 8)
    )
    assert compare_patches([first, second], [second, first]) == 2
    assert compare_patches([first, second], [third, first]) == 1


def test_only_the_models_of_the_query_can_judge_it() -> None:
    differs = QueryCheck(1, patches=4, equal=3, same=False, judged=True)
    fresh = QueryCheck(1, patches=4, equal=3, same=False, judged=False)
    assert (differs.verdict, fresh.verdict) == ("differs", "not judged")
    assert QueryCheck(1, patches=4, equal=4, same=True, judged=True).verdict == "agrees"


def test_without_networks_it_says_where_to_get_them(entry, place, tmp_path) -> None:
    reported = entry({1: (0.5, 0.5)}, "bald")
    with pytest.raises(UserError, match=r"fold_0\.pth: no such network; name a run"):
        list(query_again(asked(reported, place, tmp_path / "none"), None, None))


def test_a_loop_that_the_method_has_not_is_refused(entry, place, tmp_path) -> None:
    reported = entry({1: (0.5, 0.5)}, "bald")
    for loop in (0, 2):  # loop 0 is the start's
        with pytest.raises(UserError, match=f"--loop {loop}: bundle has the loops 1 to 1"):
            list(query_again(asked(reported, place, tmp_path), None, [loop]))


@pytest.mark.slow
def test_the_method_chooses_the_same_or_is_found(entry, changed, place, tmp_path) -> None:
    reported = entry({1: (0.5, 0.5, 0.5)}, "bald")
    trained(tmp_path / "models", reported)
    (found,) = query_again(asked(reported, place, tmp_path / "models"), None, None)
    assert [loop.verdict for loop in found.loops] == ["agrees", "agrees"]
    assert found.repeated.agrees
    done = sum(calls(tmp_path).values())
    assert done == 2 + 2  # two training folders, two queries: no start, no training
    list(query_again(asked(reported, place, tmp_path / "models"), None, None))
    assert sum(calls(tmp_path).values()) == done
    trained(tmp_path / "others", reported, "another network")
    list(query_again(asked(reported, place, tmp_path / "others"), None, None))
    assert sum(calls(tmp_path).values()) == done + 2  # never what other networks led to

    from dataclasses import replace

    forged = changed(reported, 2, (0, 4, 8))
    other = replace(place, runs=tmp_path / "other")
    (found,) = query_again(asked(forged, other, tmp_path / "models"), None, None)
    assert [loop.verdict for loop in found.loops] == ["agrees", "differs"]
    assert not found.repeated.agrees

    other = replace(place, runs=tmp_path / "fresh")
    fresh = asked(forged, other, tmp_path / "models", theirs=False)
    (found,) = query_again(fresh, None, [2])
    assert [(loop.loop, loop.verdict, loop.equal) for loop in found.loops] == [(2, "not judged", 0)]
    assert worst([found.verdict]) == "not judged"


@pytest.mark.slow
def test_a_method_without_needs_is_judged_on_any_models(entry, place, tmp_path) -> None:
    reported = entry({1: (0.5, 0.5)})
    fresh = asked(reported, place, tmp_path / "none", theirs=False)
    (found,) = query_again(fresh, None, None)
    assert found.verdict == "agrees"


@pytest.mark.slow
def test_a_start_method_chooses_loop_0_again(entry, place, tmp_path) -> None:
    from dataclasses import replace

    from toy import make_request, make_track

    plain = entry({1: (0.5, 0.5)})
    assert first_loop(plain) == 1
    track = make_track(loops=2, methods=("random_start",)).model_copy(update={"query": "random"})
    ((spec, _),) = make_request(tmp_path, track).methods
    ((experiment, result),) = plain.results.items()
    named = experiment._replace(method=spec.record.id)
    first, second = plain.queries[experiment]
    queries = (
        first.model_copy(update={"method": "random_start"}),
        second.model_copy(update={"method": spec.record.id}),
    )
    reported = replace(
        plain,
        track=track,
        spec=spec,
        results={named: result.model_copy(update={"method": spec.record})},
        queries={named: queries},
    )
    assert first_loop(reported) == 0
    fresh = asked(reported, place, tmp_path / "none", theirs=False)
    (found,) = query_again(fresh, None, None)
    assert [(loop.loop, loop.verdict) for loop in found.loops] == [(0, "agrees"), (1, "agrees")]
