"""Methods that a track of the benchmark runs in some of its settings alone."""

from benchmark.tracks import load_track

LONG = {setting.name: setting for setting in load_track("training_length").settings}
LAST = {"random_fg66": 0.6, "clasp_pe": 0.7, "random": 0.5, "bald": 0.65}


def in_setting(runs, name, methods, track="training_length"):
    about = {"name": name, "dataset": LONG[name].dataset, "regime": LONG[name].regime}
    return [
        each
        for method in methods
        for each in runs(method, LAST[method], epochs=500, track=track, setting=about)
    ]


def results(runs, track="training_length"):
    low = in_setting(runs, "amos_low", ["random_fg66", "clasp_pe"], track)
    medium = in_setting(runs, "amos_medium", list(LAST), track)
    return low + medium + in_setting(runs, "kits_high", ["random_fg66", "random", "bald"], track)


def test_a_method_is_not_incomplete_where_the_track_does_not_ask_for_it(runs, rows_of) -> None:
    rows = rows_of(*results(runs))
    assert {name: row.status for name, row in rows.items()} == dict.fromkeys(LAST, "complete")
    assert not any("no result" in note for row in rows.values() for note in row.notes)
    # It has a place among those that have its settings, and no mean over others.
    (row,) = [row for name, row in rows.items() if name == "clasp_pe"]
    assert row.rank is not None or "over the 2 of 3 settings" in row.partial


def test_it_is_where_the_track_asks_for_it_or_is_nobodys(runs, rows_of) -> None:
    without = [each for each in results(runs) if each.setting.name != "amos_low"]
    rows = rows_of(*without, *in_setting(runs, "amos_low", ["random_fg66"]))
    assert rows["clasp_pe"].status == "incomplete"
    assert any("amos_low" in note for note in rows["clasp_pe"].notes)
    assert rows["random"].status == "complete"
    others = rows_of(*results(runs, track="mine"))
    assert others["random"].status == "incomplete"
