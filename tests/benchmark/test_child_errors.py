from benchmark.child_errors import error_line, told_cause
from benchmark.cli.main import main


def test_the_last_cause_that_was_told_counts() -> None:
    assert told_cause([]) is None
    assert told_cause(["an error: no", " error: no", "error"]) is None
    assert told_cause(["error: first", "x", error_line("b: c; d"), "exit status 2"]) == "b: c; d"


def test_the_command_line_tells_its_cause_in_such_a_line(capsys) -> None:
    assert main(["track", "show", "nosuch"]) == 2
    written = capsys.readouterr().err.splitlines()
    cause = told_cause(written)
    assert cause is not None
    assert "nosuch" in cause
    assert written[-1] == error_line(cause)
