from benchmark.child_errors import error_line, reported_cause
from benchmark.cli.main import main


def test_the_last_cause_that_was_reported_counts() -> None:
    assert reported_cause([]) is None
    assert reported_cause(["an error: no", " error: no", "error"]) is None
    assert (
        reported_cause(["error: first", "x", error_line("b: c; d"), "exit status 2"]) == "b: c; d"
    )


def test_the_command_line_reports_in_such_a_line(capsys) -> None:
    assert main(["track", "show", "nosuch"]) == 2
    written = capsys.readouterr().err.splitlines()
    cause = reported_cause(written)
    assert cause is not None
    assert "nosuch" in cause
    assert written[-1] == error_line(cause)
