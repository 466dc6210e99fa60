"""An export into a folder that has a pack: what was there stays, or nothing changes."""

import json
import shutil

import pytest
from support import SEED

from benchmark.store.export import export
from benchmark.store.manifest import MANIFEST
from nnactive.errors import UserError
from nnactive.io.files import sha256

OTHER = SEED + 1
LOOP = f"tiny/start/seed_{SEED}/loop_000"
MEMBER = f"{LOOP}/fold_1.pth"


def content(made) -> dict[str, bytes]:
    paths = (path for path in sorted(made.pack.rglob("*")) if path.is_file())
    return {str(path.relative_to(made.pack)): path.read_bytes() for path in paths}


def with_another_seed(made) -> dict:
    """Let the pack have a start loop that the runs here have not; returns its part."""
    manifest = made.manifest()
    text = json.dumps(manifest["parts"][0]).replace(f"seed_{SEED}/", f"seed_{OTHER}/")
    part = json.loads(text) | {"seed": OTHER}
    for name in part["files"]:
        (made.pack / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made.pack / name.replace(f"seed_{OTHER}", f"seed_{SEED}"), made.pack / name)
    manifest["parts"].append(part)
    manifest["track"]["seeds"].append(OTHER)
    manifest["track"]["methods"] = ["random", "bald"]
    manifest["checksums"]["elsewhere"] = "e" * 64
    made.write(manifest)
    return part


def test_a_part_is_added_to_a_larger_pack(made) -> None:
    part = with_another_seed(made)
    before = content(made)
    whole = export(made.runs, made.track, made.pack)
    manifest = made.manifest()
    assert [each["seed"] for each in manifest["parts"]] == [SEED, OTHER]
    assert manifest["parts"][1] == part
    assert (manifest["track"]["seeds"], manifest["track"]["methods"]) == (
        [SEED, OTHER],
        ["random", "bald"],
    )
    assert set(manifest["checksums"]) == {"phantom", "elsewhere"}
    assert whole.bytes == sum(
        file["size"] for each in manifest["parts"] for file in each["files"].values()
    )
    after = content(made)
    assert {name for name in before if before[name] != after[name]} <= {MANIFEST}


def test_a_setting_is_added_beside_the_ones_there(made, tmp_path) -> None:
    """The same start loop under another setting's name: only its manifest is looked at here."""
    manifest = made.manifest()
    text = json.dumps(manifest["parts"][0]).replace("tiny/", "other/")
    manifest["parts"] = [json.loads(text) | {"setting": "other"}]
    manifest["track"]["settings"][0]["name"] = "other"
    (made.pack / "tiny").rename(made.pack / "other")
    made.write(manifest)
    export(made.runs, made.track, made.pack)
    found = made.manifest()
    assert [each["setting"] for each in found["parts"]] == ["other", "tiny"]
    assert [each["name"] for each in found["track"]["settings"]] == ["other", "tiny"]
    assert len(made.take(tmp_path / "new").taken) == 1


def another_track(manifest) -> None:
    manifest["track"]["name"] = "theirs"


def another_budget(manifest) -> None:
    manifest["track"]["settings"][0]["starting_budget"] = 11


def another_nnunet(manifest) -> None:
    manifest["nnunet"] = "2.0"


def other_data(manifest) -> None:
    manifest["checksums"]["phantom"] = "f" * 64


def another_member(manifest) -> None:
    manifest["parts"][0]["files"][MEMBER]["sha256"] = "0" * 64


def a_file_less(manifest) -> None:
    del manifest["parts"][0]["files"][MEMBER]


def no_part_of_it(manifest) -> None:
    manifest["parts"].append(manifest["parts"][0] | {"setting": "gone"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (another_track, r"pack: a pack of track theirs; export to another folder"),
        (another_budget, r"pack: the pack there .*'starting_budget' differs.*another folder"),
        (another_nnunet, r"pack: the pack there .*made with nnU-Net 2\.0"),
        (other_data, r"pack: the pack there was made from other data of phantom .*ffffffffffff"),
        (another_member, rf"fold_1\.pth: the pack has another tiny, start loop, seed {SEED}; exp"),
        (a_file_less, r"fold_1\.pth: the pack has another tiny, start loop"),
        (no_part_of_it, rf"baselines\.json: gone, start loop, seed {SEED} isn't of its own track"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_conflicts_is_refused_and_the_pack_stays_as_it_was(made, change, message) -> None:
    manifest = made.manifest()
    change(manifest)
    made.write(manifest)
    before = content(made)
    with pytest.raises(UserError, match=message) as caught:
        export(made.runs, made.track, made.pack)
    assert "\n" not in str(caught.value)
    assert content(made) == before


@pytest.mark.parametrize("how", ["missing", "damaged"])
def test_a_pack_that_is_not_whole_is_not_added_to(made, how) -> None:
    part = with_another_seed(made)
    lost = made.pack / next(name for name in part["files"] if name.endswith(".pth"))
    lost.unlink()
    if how == "damaged":
        lost.write_bytes(b"x")
    with pytest.raises(UserError, match="restore it, or export to another folder") as caught:
        export(made.runs, made.track, made.pack)
    assert str(lost) in str(caught.value)
    assert len(made.manifest()["parts"]) == 2


def test_a_part_here_mends_a_damaged_file_of_the_same_part(made) -> None:
    whole = sha256(made.pack / MEMBER)
    (made.pack / MEMBER).write_bytes(b"x")
    export(made.runs, made.track, made.pack)
    assert sha256(made.pack / MEMBER) == whole
