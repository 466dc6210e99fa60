import re
from pathlib import Path

import pytest

from benchmark.submission.files.find import find
from benchmark.submission.method_string import Method
from benchmark.submission.pins import locked, pin, unmet
from benchmark.submission.requirements import read_manifest, together
from nnactive.errors import UserError


def submission(folder: Path, text: str, name: str = "mine.py") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "submission.yaml").write_text(text)
    (folder / name).touch()
    return folder / name


def requirements_of(source: Path) -> tuple[str, ...]:
    return find(source).manifest.requirements


def listing(*requirements: str) -> str:
    return "requirements:\n" + "".join(f"- '{each}'\n" for each in requirements)


def test_a_file_without_a_manifest_needs_nothing(tmp_path) -> None:
    (tmp_path / "mine.py").touch()
    assert read_manifest(tmp_path / "mine.py") is None
    assert requirements_of(tmp_path / "mine.py") == ()


def test_requirements_are_sorted_and_written_in_one_way(tmp_path) -> None:
    source = submission(tmp_path, listing("Zope.Event == 5.0", "a_b[Y,x_1]==1.2.0", "torch==2+cu1"))
    assert requirements_of(source) == ("a-b[x-1,y]==1.2.0", "torch==2+cu1", "zope-event==5.0")


REFUSED = {
    "not YAML": ("requirements: [", "not valid YAML"),
    "empty": ("", "field 'content'"),
    "unknown field": ("requirements: []\nrequires: []", "field 'requires': unknown field"),
    "given twice": ("requirements: []\nrequirements: []", "duplicate key 'requirements'"),
    "no list": (
        "requirements: einops==0.8.0",
        "is not a list; write one line each: - name==version",
    ),
    "numbers": ("requirements: [1, 2.5]", "1 is not a string name==version"),
    "lists": ("requirements: [[a==1]]", "['a==1'] is not a string name==version"),
    "many": (
        listing(*(f"a{i}==1" for i in range(10_000))),
        "has 10,000 entries; at most 100 are allowed",
    ),
    "long": (listing("a" * 10_000 + "==1"), "'" + "a" * 60 + "...' is not name==version"),
    "twice": (listing("A.b==1", "a_b==1"), "duplicate package a-b: a-b==1 and a-b==1"),
    "file of another folder": ("requirements: []\nfile: ../x.py", "no '../x.py' in this folder"),
    "file that isn't there": (
        "requirements: []\nfile: your.py",
        "no 'your.py' in this folder; fix",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_manifest_that_says_something_else_is_refused_in_one_line(tmp_path, case) -> None:
    text, message = REFUSED[case]
    source = submission(tmp_path, text)
    with pytest.raises(UserError, match=r"^[^\n]*$") as caught:
        requirements_of(source)
    assert str(caught.value).startswith(f"{tmp_path / 'submission.yaml'}: ")
    assert message in str(caught.value)
    assert len(str(caught.value)) < 300 + len(str(tmp_path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("einops", "is not pinned to one version; write einops==VERSION"),
        ("einops>=1", "is not pinned to one version"),
        ("einops==1.*", "is not pinned to one version"),
        ("einops===1", "is not pinned to one version"),
        ("einops==1,!=2", "is not pinned to one version"),
        ("einops~=1.0", "is not pinned to one version"),
        ("einops==1; python_version < '4'", "has a condition; all images have the same Python"),
        ("einops @ https://host/einops.whl", "is a file or a URL"),
        ("einops @ file:///einops.whl", "is a file or a URL"),
        ("git+https://host/einops", "is not name==version"),
        ("./einops-1-py3-none-any.whl", "is not name==version"),
        ("-r more.txt", "'-r more.txt' is a pip option; list only packages"),
        (" --index-url=https://host", "is a pip option"),
        ("einops==1 --hash=sha256:00", "is not name==version"),
        ("einops==1; $(touch x)", "is not name==version"),
        ("einops==1 && touch x", "is not name==version"),
        ("`touch x`==1", "is not name==version"),
        ("einops==1\nRUN touch x", r"'einops==1\nRUN touch x' is not name==version"),
        ("einops==$HOME", "is not name==version"),
        ("eïnops==1", "is not name==version"),
        ("\x1b[31mred==1", r"'\x1b[31mred==1' is not name==version"),
        ("", "'' is not name==version, such as"),
        ("NNactive.Bench==0.1.0", "is the benchmark itself, which is always installed; remove it"),
    ],
)
def test_what_is_no_pinned_package_is_refused_by_name(text, message) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        pin(text)
    assert "\n" not in str(caught.value)


def test_a_pin_has_no_character_that_a_shell_or_a_dockerfile_reads() -> None:
    found = pin("A_b.C[X_y, z] == 1!2.0rc1.post2.dev3+Local.4")
    assert str(found) == "a-b-c[x-y,z]==1!2.0rc1.post2.dev3+local.4"


def test_a_manifest_may_be_for_one_file_of_its_folder(tmp_path) -> None:
    source = submission(tmp_path, listing("a==1") + "file: mine.py\n")
    (tmp_path / "other.py").touch()
    assert requirements_of(source) == ("a==1",)
    assert requirements_of(tmp_path / "other.py") == ()


def test_methods_of_one_run_share_an_image_if_they_agree(tmp_path) -> None:
    one = submission(tmp_path / "one", listing("a==1", "b[x]==2"))
    two = submission(tmp_path / "two", listing("b[y]==2", "c==3"))
    needed = {each: requirements_of(each) for each in (one, two)}
    assert together(needed) == ("a==1", "b[x,y]==2", "c==3")
    three = submission(tmp_path / "three", listing("a==1.5"))
    with pytest.raises(
        UserError, match=r"three/submission.yaml: a==1.5, but .*one/sub.* has a==1;"
    ):
        together({**needed, three: requirements_of(three)})


def test_what_a_run_needs_is_told_from_its_methods(tmp_path) -> None:
    one = submission(tmp_path / "one", listing("a==1"))
    two = submission(tmp_path / "two", listing("c==3"))
    assert Method.parse("power_bald,beta=5").requirements == ()
    assert Method.parse(f"{one}:Mine,beta=2").requirements == ("a==1",)
    assert Method.parse(f"{two}:Mine").requirements == ("c==3",)
    with pytest.raises(UserError, match=r"nowhere\.py: no such file"):
        Method.parse("nowhere.py:Mine")


def test_a_lock_is_read_by_name(tmp_path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "# Every package\nA_b==1.2 \\\n    --hash=sha256:00\nc[x]==3 ; python_version > '3'\n"
    )
    assert locked(lock) == {"a-b": "1.2", "c": "3"}


def test_a_local_version_is_the_version() -> None:
    pins = (pin("torch==2.1"), pin("numpy==2.0"), pin("einops==0"))
    assert unmet(pins, {"torch": "2.1+cu130", "numpy": "2.0.1"}) == [*pins[1:]]


def test_a_manifest_that_has_no_end_is_not_read(tmp_path) -> None:
    (tmp_path / "mine.py").touch()
    (tmp_path / "submission.yaml").symlink_to("/dev/zero")
    with pytest.raises(
        UserError, match=r"submission.yaml: a pipe or a device, not a submission manifest"
    ):
        requirements_of(tmp_path / "mine.py")
