"""What an entry reports."""

from dataclasses import replace

import pytest

from benchmark.bundles.reproduce.reported import check
from nnactive.errors import UserError


def test_some_seeds_are_chosen(entry) -> None:
    reported = entry({1: (0.5, 0.5), 2: (0.5, 0.5), 3: (0.5, 0.5)})
    some = reported.chosen(["s"], [3, 1])
    assert [each.seed for each in some.results] == [1, 3]
    assert some.track.seeds == (1, 3)
    assert some.queries.keys() == some.results.keys()
    assert reported.chosen() == reported


def test_a_setting_or_seed_that_it_has_not_is_named(entry) -> None:
    reported = entry({1: (0.5,)})
    with pytest.raises(UserError, match="bundle: no seed 7; it has 1"):
        reported.chosen(seeds=[7])
    with pytest.raises(UserError, match="bundle: no setting t; it has s"):
        reported.chosen(["t"])


def test_patches_of_the_queries_are_those_of_the_result(entry, changed) -> None:
    reported = entry({1: (0.5, 0.5)})
    check(reported)
    other = changed(reported, 1, (0, 4, 4))
    with pytest.raises(UserError, match="seed 1, loop 1: the query file has other patches"):
        check(replace(other, results=reported.results))


@pytest.mark.parametrize("name", ["../up", "/etc", ".hidden", "", "a\nb", "a/b"])
def test_a_name_that_leads_elsewhere_is_refused(entry, name: str) -> None:
    reported = entry({1: (0.5,)})
    spec = reported.spec
    record = spec.record.model_copy(update={"id": name})
    with pytest.raises(UserError, match="can't be the name of a file"):
        check(replace(reported, spec=spec.model_copy(update={"record": record})))
    track = reported.track.model_copy(update={"name": name})
    with pytest.raises(UserError, match="can't be the name of a file"):
        check(replace(reported, track=track))


def test_failed_experiments_are_left_out_and_named(entry) -> None:
    reported = entry({1: (0.5, 0.5), 2: (0.5, 0.5)})
    first, second = reported.results
    broken = reported.results[first].model_copy(update={"status": "failed"})
    some = replace(reported, results={**reported.results, first: broken})
    complete, failed = some.complete()
    assert list(complete.results) == [second]
    assert complete.track.seeds == (2,)
    assert failed == [first]
    with pytest.raises(UserError, match="no complete experiment"):
        some.chosen(seeds=[1]).complete()


def test_a_result_of_something_else_is_refused(entry) -> None:
    reported = entry({1: (0.5, 0.5)})
    ((experiment, result),) = reported.results.items()
    longer = result.setting.model_copy(update={"query_size": 9})
    for change in ({"seed": 2}, {"setting": longer}, {"loops": result.loops[:1]}):
        other = replace(reported, results={experiment: result.model_copy(update=change)})
        queries = {experiment: other.queries[experiment][: len(other.results[experiment].loops)]}
        with pytest.raises(UserError, match=r"of another setting|too few loops"):
            check(replace(other, queries=queries))
