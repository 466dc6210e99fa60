import re

import pytest

from benchmark.image.layer.judge import Report, check_pins, judge
from benchmark.submission.pins import pin
from nnactive.errors import UserError

FIXED = {"numpy": "2.4.6", "torch": "2.14.1+cpu"}
DIGEST = "a" * 64


def item(name, version="1.0", requires=(), *, requested=False, extras=(), **more):
    """A stand-in for what pip reports of one package."""
    found = {
        "download_info": {
            "url": f"https://index/{name}-{version}-py3-none-any.whl",
            "archive_info": {"hashes": {"sha256": DIGEST}},
        },
        "metadata": {"name": name, "version": version, "requires_dist": list(requires)},
        "is_direct": False,
        "is_yanked": False,
        "requested": requested,
        "requested_extras": list(extras),
    }
    return {**found, **more}


def report(*items):
    return Report.model_validate({"version": "1", "pip_version": "23.2", "install": items})


def refused(action) -> str:
    with pytest.raises(UserError, match=r"^submission\.yaml: [^\n]*$") as caught:
        action()
    return str(caught.value).removeprefix("submission.yaml: ")


@pytest.mark.parametrize("text", ["numpy==2.4.6", "NumPy==2.4.6.0", "torch==2.14.1", "einops==1"])
def test_a_pin_that_changes_nothing_may_stay(text) -> None:
    check_pins([pin(text)], FIXED)


@pytest.mark.parametrize("text", ["numpy==1.26.0", "NUMPY==1.26.0"])
def test_a_pin_that_would_change_the_lock_is_refused_by_name(text) -> None:
    assert refused(lambda: check_pins([pin("a==1"), pin(text)], FIXED)) == (
        "numpy==1.26.0 would change numpy, which is locked at 2.4.6; use that version or remove it"
    )


def test_what_is_new_is_installed_as_reported() -> None:
    found = judge(report(item("Foo_x", "2.0", requested=True), item("bar")), FIXED)
    assert found == (("bar==1.0", DIGEST), ("foo-x==2.0", DIGEST))
    assert judge(report(), FIXED) == ()


CHANGED = item("NumPy", "1.26.0")
CULPRITS = {
    "directly": ([item("foo", requires=["numpy<2"], requested=True)], "foo==1.0 needs numpy<2"),
    "over others": (
        [
            item("foo", requires=["bar", "baz"], requested=True),
            item("bar"),
            item("baz", "3", requires=["Qux>1", "foo"]),
            item("qux", "4", requires=["numpy<2"]),
        ],
        "foo==1.0 needs numpy<2 via baz==3, qux==4",
    ),
    "by the extra that was asked for": (
        [
            item("a", requires=["numpy<2; extra == 'y'"], requested=True),
            item("b", requires=["numpy<1.27; extra == 'y'"], requested=True, extras=["y"]),
        ],
        "b==1.0 needs numpy<1.27",
    ),
    "by whom isn't told": (
        [item("foo", requires=["..."], requested=True)],
        "it brings in numpy==1.26",
    ),
}


@pytest.mark.parametrize("case", CULPRITS)
def test_what_would_change_the_lock_in_passing_is_refused_with_who_needs_it(case) -> None:
    items, start = CULPRITS[case]
    line = refused(lambda: judge(report(*items, CHANGED), FIXED))
    assert line.startswith(start)
    assert line.endswith(
        ", which would change numpy, locked at 2.4.6; "
        "pin a version that is compatible with it, or remove it"
    )


def test_the_locked_version_itself_changes_nothing() -> None:
    assert judge(report(item("numpy", "2.4.6")), FIXED) == (("numpy==2.4.6", DIGEST),)


@pytest.mark.parametrize(
    "broken",
    [
        item("foo", is_direct=True),
        item(
            "foo",
            download_info={
                "url": "https://index/foo-1.0.tar.gz#egg=foo.whl",
                "archive_info": {"hashes": {"sha256": DIGEST}},
            },
        ),
        item("foo", download_info={"url": "https://index/foo-1.0-py3-none-any.whl"}),
        item(
            "foo",
            download_info={
                "url": "https://index/foo-1.0-py3-none-any.whl",
                "archive_info": {"hashes": {"sha256": "x --index-url=https://host"}},
            },
        ),
    ],
)
def test_what_is_no_hashed_wheel_of_the_index_is_refused(broken) -> None:
    assert refused(lambda: judge(report(broken), FIXED)).startswith("foo==1.0 is not a wheel on")


@pytest.mark.parametrize(("name", "version"), [("a\n-r x", "1"), ("a", "1 --no-deps"), ("a", "*")])
def test_a_package_that_calls_itself_something_odd_is_refused(name, version) -> None:
    line = refused(lambda: judge(report(item(name, version)), FIXED))
    assert re.match(r"pip would install '.*'; remove what depends on it$", line)
