from nnactive.data.progress import FileReport, Step, part_of, tracked


def test_an_item_is_reported_when_the_next_one_is_asked_for():
    told = []
    items = tracked(lambda *step: told.append(step), "measure", iter("ab"), 2)
    assert next(items) == "a"
    assert told == [("measure", 0, 2)]
    assert next(items) == "b"
    assert told[1:] == [("measure", 1, 2)]
    assert list(items) == []
    assert told[2:] == [("measure", 2, 2)]


def test_an_item_whose_work_fails_is_not_reported_as_done():
    told = []
    try:
        for _ in tracked(lambda *step: told.append(step), "measure", "ab", 2):
            raise ValueError
    except ValueError:
        pass
    assert told == [("measure", 0, 2)]


def test_a_file_reports_its_place_among_all_files():
    told: list[Step] = []
    report = FileReport(told.append, "a.tar", 2, 3)
    report.ask("example.org")
    report.amount("fetch")(5, None)
    part_of(report.amount("check"), 100, 150)(20, 50)
    assert told == [
        Step("ask", "a.tar from example.org", 2, 3, 0, None),
        Step("fetch", "a.tar", 2, 3, 5, None),
        Step("check", "a.tar", 2, 3, 120, 150),
    ]
