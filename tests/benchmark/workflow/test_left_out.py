"""A setting asks only for the methods that it doesn't leave out. No step runs."""

from toy import make_request, make_track, write_prepared

from benchmark.journal.study.wanted import wanted
from benchmark.submission.spec import freeze
from benchmark.tracks import experiments
from benchmark.workflow.request import check_settings, keep_track


def test_status_counts_what_a_run_makes(tmp_path) -> None:
    write_prepared(tmp_path / "data")
    track = make_track(methods=("random", "random_fg33"))
    (first,) = track.settings
    second = first.model_copy(update={"name": "t"})
    narrowed = {"settings": (first, second), "left_out": {"t": ("random_fg33",)}}
    request = make_request(tmp_path, track.model_copy(update=narrowed), [*track.methods, "bald"])
    check_settings(request)
    keep_track(request)
    for spec, source in request.methods:
        freeze(request.root, spec, source)
    run = list(experiments(request.track, [spec.record.id for spec, _ in request.methods]))
    assert {(each.setting, each.method) for each in run} == {
        *(("s", "random"), ("s", "random_fg33"), ("s", "bald")),
        *(("t", "random"), ("t", "bald")),
    }
    assert set(wanted(request.root, ()).jobs) == set(run)
