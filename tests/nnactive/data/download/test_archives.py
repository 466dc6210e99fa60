"""Good and bad archives, all made here."""

import io
import stat
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
import pyzipper

from nnactive.data.download.archives import unpack, unpacked_size
from nnactive.errors import UserError

FILES = {"Task/imagesTr/a.nii.gz": b"image" * 90_000, "Task/labelsTr/a.nii.gz": b"label"}
JUNK = {
    "Task/imagesTr/._a.nii.gz": b"mac",
    "__MACOSX/Task/imagesTr/._a.nii.gz": b"mac",
    "Task/.DS_Store": b"mac",
}


OUTSIDE = Path(tempfile.gettempdir()) / "nnactive_evil"
PASSWORD = "word@uestc"  # noqa: S105  (made public by WORD's authors)


def tar_info(
    name: str, size: int = 0, kind: bytes = tarfile.REGTYPE, link: str = ""
) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, link
    return info


def make_tar(path: Path, members: list[tuple[tarfile.TarInfo, bytes]], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as file:
        for info, content in members:
            file.addfile(info, io.BytesIO(content))
    return path


def tar_of(path: Path, files: dict[str, bytes], mode: str = "w") -> Path:
    return make_tar(path, [(tar_info(name, len(c)), c) for name, c in files.items()], mode)


def make_zip(path: Path, files: list[tuple[str, bytes, int]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content, mode in files:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            file.writestr(info, content)
    return path


def zip_of(path: Path, files: dict[str, bytes]) -> Path:
    return make_zip(path, [(name, content, 0o100644) for name, content in files.items()])


def aes_zip(path: Path, files: dict[str, bytes], password: str) -> Path:
    with pyzipper.AESZipFile(path, "w", encryption=pyzipper.WZ_AES) as file:
        file.setpassword(password.encode())
        for name, content in files.items():
            file.writestr(name, content)
    return path


def tree(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if not file.is_dir()
    }


@pytest.fixture
def target(tmp_path: Path) -> Path:
    OUTSIDE.unlink(missing_ok=True)  # of a run that failed
    (tmp_path / "outer" / "target").mkdir(parents=True)
    return tmp_path / "outer" / "target"


def nothing(*_: object) -> None:
    pass


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("a.tar", "w"),
        ("a.tar.gz", "w:gz"),
        ("a.tgz", "w:gz"),
        ("a.tar.bz2", "w:bz2"),
        ("a.tar.xz", "w:xz"),
    ],
)
def test_tar(tmp_path: Path, target: Path, name: str, mode: str) -> None:
    archive = tar_of(tmp_path / name, JUNK | FILES, mode)
    assert unpack(archive, target, None, nothing) == 2
    assert tree(target) == FILES


def test_zip_with_what_macos_adds(tmp_path: Path, target: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", FILES | JUNK)
    assert unpack(archive, target, None, nothing) == 2
    assert tree(target) == FILES
    assert unpacked_size(archive) == sum(len(c) for c in (FILES | JUNK).values())


def test_folders_and_progress(tmp_path: Path, target: Path) -> None:
    empty = (tar_info("Task/empty", kind=tarfile.DIRTYPE), b"")
    files = [(tar_info(name, len(c)), c) for name, c in FILES.items()]
    told: list[tuple[int, int | None]] = []
    archive = make_tar(tmp_path / "a.tar", [empty, *files, empty])
    unpack(archive, target, None, lambda *amount: told.append(amount))
    assert (target / "Task" / "empty").is_dir()
    assert told[-1] == (sum(map(len, FILES.values())), archive.stat().st_size)


@pytest.mark.parametrize("password", [PASSWORD, "wrong", None])
def test_aes_zip(tmp_path: Path, target: Path, password: str | None) -> None:
    archive = aes_zip(tmp_path / "a.zip", FILES, PASSWORD)
    if password == PASSWORD:
        unpack(archive, target, password, nothing)
        assert tree(target) == FILES
        return
    with pytest.raises(UserError, match=r"a\.zip: .*password.*; check 'password' in the .* card"):
        unpack(archive, target, password, nothing)


def test_a_password_that_is_not_needed(tmp_path: Path, target: Path) -> None:
    unpack(zip_of(tmp_path / "a.zip", FILES), target, "secret", nothing)
    assert tree(target) == FILES


EVIL_TAR = [
    (tar_info("../evil", 1), b"x", "outside"),
    (tar_info("a/../../evil", 1), b"x", "outside"),
    (tar_info(str(OUTSIDE), 1), b"x", "outside"),
    (tar_info("link", kind=tarfile.SYMTYPE, link="/etc/passwd"), b"", "is a link or a device"),
    (tar_info("link", kind=tarfile.SYMTYPE, link="good"), b"", "is a link or a device"),
    (tar_info("hard", kind=tarfile.LNKTYPE, link="good"), b"", "is a link or a device"),
    (tar_info("null", kind=tarfile.CHRTYPE), b"", "is a link or a device"),
    (tar_info("pipe", kind=tarfile.FIFOTYPE), b"", "is a link or a device"),
    (tar_info("good", 1), b"y", "occurs twice"),
    (tar_info("./good", 1), b"y", "occurs twice"),
    (tar_info("good/inner", 1), b"y", "is both file and folder"),
    (tar_info("good", kind=tarfile.DIRTYPE), b"", "is both file and folder"),
]


@pytest.mark.parametrize(("info", "content", "cause"), EVIL_TAR)
def test_a_tar_that_is_not_safe(tmp_path: Path, target: Path, info, content, cause) -> None:
    good = (tar_info("good", 1), b"x")
    archive = make_tar(tmp_path / "a.tar", [good, (info, content), (tar_info("last", 1), b"x")])
    with pytest.raises(UserError, match=cause) as caught:
        unpack(archive, target, None, nothing)
    assert str(archive) in str(caught.value)
    assert f"'{info.name}'" in str(caught.value)
    assert set(tree(tmp_path)) - {"a.tar"} == {"outer/target/good"}
    assert not OUTSIDE.exists()


@pytest.mark.parametrize("kind", ["tar", "zip"])
@pytest.mark.parametrize("name", ["x" * 300, f"{'y' * 300}/inner"])
def test_a_name_that_is_too_long_is_told(tmp_path: Path, target: Path, kind, name) -> None:
    archive = tmp_path / f"a.{kind}"
    {"tar": tar_of, "zip": zip_of}[kind](archive, {"good": b"x", name: b"y"})
    with pytest.raises(UserError) as caught:
        unpack(archive, target, None, nothing)
    shown = f"{name[:30]}...{name[-30:]}"
    cause = f"has a name of {len(name)} characters, too long; nothing was kept"
    assert f"{archive}: member '{shown}' {cause}" in str(caught.value)


EVIL_ZIP = [
    ("../evil", 0o100644, "outside"),
    (str(OUTSIDE), 0o100644, "outside"),
    ("..\\evil", 0o100644, "outside"),
    ("link", stat.S_IFLNK | 0o777, "is a link"),
    ("pipe", stat.S_IFIFO | 0o644, "is a device"),
    ("good", 0o100644, "occurs twice"),
]


@pytest.mark.parametrize(("name", "mode", "cause"), EVIL_ZIP)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_that_is_not_safe(tmp_path: Path, target: Path, name, mode, cause) -> None:
    files = [("good", b"x", 0o100644), (name, b"/etc/passwd", mode), ("last", b"x", 0o100644)]
    archive = make_zip(tmp_path / "a.zip", files)
    with pytest.raises(UserError, match=cause) as caught:
        unpack(archive, target, None, nothing)
    assert str(archive) in str(caught.value)
    assert set(tree(tmp_path)) - {"a.zip"} == {"outer/target/good"}
    assert not OUTSIDE.exists()


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("a.tar", "w"),
        ("a.tar.gz", "w:gz"),
        ("a.tar.bz2", "w:bz2"),
        ("a.tar.xz", "w:xz"),
        ("a.zip", ""),
    ],
)
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.7, 0.99])
def test_a_truncated_archive_is_told(tmp_path: Path, target: Path, name, mode, share) -> None:
    noise = {f"case_{i}": bytes((i * j * j) % 251 for j in range(1000)) * 20 for i in range(1, 4)}
    archive = tmp_path / name
    zip_of(archive, noise) if name == "a.zip" else tar_of(archive, noise, mode)
    content = archive.read_bytes()
    if name == "a.tar":  # without the end mark and the padding
        content = content[: 3 * (512 + 20_480)]
    archive.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError, match="truncated or damaged") as caught:
        unpack(archive, target, None, nothing)
    assert str(archive) in str(caught.value)


def test_a_tar_that_ends_between_two_members(tmp_path: Path, target: Path) -> None:
    archive = tar_of(tmp_path / "a.tar", {"a": b"x" * 512, "b": b"y" * 512})
    archive.write_bytes(archive.read_bytes()[:1024])
    with pytest.raises(UserError, match=r"a\.tar: truncated or damaged \(no end mark\)"):
        unpack(archive, target, None, nothing)


def test_a_zip_with_a_flipped_bit(tmp_path: Path, target: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", {"a": bytes(range(256)) * 50})
    content = bytearray(archive.read_bytes())
    content[80] ^= 4
    archive.write_bytes(content)
    with pytest.raises(UserError, match="truncated or damaged"):
        unpack(archive, target, None, nothing)


def test_what_is_no_archive(tmp_path: Path, target: Path) -> None:
    for name in ("a.zip", "a.tar"):
        (tmp_path / name).write_text("<html>quota exceeded</html>")
        with pytest.raises(UserError, match="truncated or damaged"):
            unpack(tmp_path / name, target, None, nothing)
    with pytest.raises(UserError, match=r"a\.zip: truncated or damaged"):
        unpacked_size(tmp_path / "a.zip")
