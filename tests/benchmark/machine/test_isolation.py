"""The finding on isolation."""

from benchmark.machine.isolation import isolation_finding


def test_the_best_isolation_is_fine() -> None:
    found = isolation_finding("bubblewrap", {"bubblewrap": "", "landlock": ""})
    assert (found.state, found.detail.split(":")[0]) == ("ok", "bubblewrap")


def test_a_weaker_one_is_fine_and_says_what_keeps_more() -> None:
    found = isolation_finding("landlock", {"bubblewrap": "can't; install it", "landlock": ""})
    assert found.state == "ok"
    assert found.detail.endswith("can't; install it")


def test_none_is_told_with_all_reasons() -> None:
    found = isolation_finding("none", {"bubblewrap": "can't; install it", "landlock": "is off"})
    assert found.state == "note"
    assert found.detail.endswith("; bubblewrap can't; install it; landlock is off")


def test_what_the_environment_switches_off_is_told() -> None:
    found = isolation_finding("bubblewrap", {"bubblewrap": "", "landlock": ""}, "none")
    assert found.state == "note"
    assert "NNACTIVE_ISOLATION=none; unset it" in found.detail
