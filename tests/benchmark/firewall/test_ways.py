"""Which isolation is used: the user's wish, or the best that works."""

import click
import pytest

from benchmark.cli.commands.author.check import check
from benchmark.cli.commands.author.replay import replay
from benchmark.cli.commands.tracks import submit, track
from benchmark.firewall import ways
from benchmark.firewall.remedies import remedy
from nnactive.answers.isolation import Isolation
from nnactive.errors import UserError


@pytest.fixture(autouse=True)
def _no_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (ways.WISH, ways.TRIED):
        monkeypatch.delenv(name, raising=False)
    ways.strongest.cache_clear()


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> set[Isolation]:
    """The ways that work; a stand-in for trying them."""
    found: set[Isolation] = set()
    monkeypatch.setattr(ways, "why_not", lambda way: "" if way in {*found, "none"} else "refused")
    return found


@pytest.mark.parametrize(
    ("there", "best"),
    [(("bubblewrap", "landlock"), "bubblewrap"), (("landlock",), "landlock"), ((), "none")],
    ids=["both", "landlock", "neither"],
)
def test_the_strongest_that_works_is_used(
    there: tuple[Isolation, ...], best: Isolation, works: set[Isolation]
) -> None:
    works.update(there)
    assert ways.best_way() == best
    assert ways.remarks().startswith("note: isolation: none") == (best == "none")


def test_a_wish_goes_first(works: set[Isolation]) -> None:
    works.update(("bubblewrap", "landlock"))
    for wished in ("landlock", "none"):
        with ways.wished(wished):
            assert ways.best_way() == wished
            with ways.wished("auto"):  # asks for nothing
                assert ways.best_way() == wished
    assert ways.best_way() == "bubblewrap"


def test_a_wish_that_cannot_be_had_is_an_error(works: set[Isolation]) -> None:
    works.add("landlock")
    with ways.wished("bubblewrap"), pytest.raises(UserError, match="--isolation bubblewrap: can't"):
        ways.remarks()


def test_a_wish_must_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ways.WISH, "firejail")
    with pytest.raises(UserError, match="NNACTIVE_ISOLATION=firejail"):
        ways.best_way()


def test_what_was_tried_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, works: set[Isolation]
) -> None:
    works.add("landlock")
    for name, value in ways.tried().items():
        monkeypatch.setenv(name, value)
    works.clear()
    assert ways.best_way() == "landlock"
    with ways.wished("none"):
        assert ways.best_way() == "none"


@pytest.mark.parametrize(
    "command", [track.commands["run"], submit, check, replay], ids=lambda each: str(each.name)
)
def test_commands_that_run_methods_take_every_wish(command: click.Command) -> None:
    (option,) = (each for each in command.params if each.name == "isolation")
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == ways.WISHES
    assert option.envvar == ways.WISH


REMEDIES: dict[str, tuple[str, dict[str, str], str]] = {
    "missing": ("bwrap: not installed", {}, "apt install bubblewrap"),
    "ubuntu": (
        "bwrap: setting up uid map: Permission denied",
        {"kernel.apparmor_restrict_unprivileged_userns": "1"},
        "bwrap-userns-restrict",
    ),
    "debian": ("refused", {"kernel.unprivileged_userns_clone": "0"}, "unprivileged_userns_clone=1"),
    "red-hat": ("refused", {"user.max_user_namespaces": "0"}, "max_user_namespaces=15000"),
    "container": ("refused", {"user.max_user_namespaces": "9"}, "Landlock"),
}


@pytest.mark.parametrize("where", REMEDIES)
def test_the_way_out_fits_the_reason(where: str) -> None:
    reason, settings, advice = REMEDIES[where]
    assert advice in remedy("bubblewrap", reason, settings)
