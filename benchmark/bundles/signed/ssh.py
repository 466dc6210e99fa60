"""SSH signatures beside files, made and checked by OpenSSH's ``ssh-keygen -Y``."""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from benchmark.bundles.bounded import bounded_text
from nnactive.errors import UserError
from nnactive.io.content import checkout
from nnactive.io.files import write_bytes

TOOL: Final = "ssh-keygen"
NAMESPACE: Final = "nnactive-bundle"
SUFFIX: Final = ".sig"
LARGEST: Final = 1 << 16
"""Bytes of a signature."""
SECONDS: Final = 60
SIGNERS: Final = Path("leaderboard") / "entries" / "allowed_signers"
"""The shipped list of signers: a name and a public key a line."""
KEY: Final = re.compile(r"SHA256:\S+")

State = Literal["unsigned", "signed", "unknown key", "wrong", "not checked"]


@dataclass(frozen=True)
class Signature:
    """What is known of a file's signature."""

    state: State
    """signed: by a key that the list of signers has; unknown key: the signature fits, but the list
    doesn't have its key; wrong: it isn't a signature of this file."""
    detail: str
    """Whose it is, or why that isn't known."""


def signature_file(path: Path) -> Path:
    """Where the signature of a file is."""
    return path.with_name(f"{path.name}{SUFFIX}")


def shipped_signers() -> Path | None:
    """The list of signers of this checkout; None if there is none."""
    root = checkout()
    return root / SIGNERS if root and (root / SIGNERS).is_file() else None


def sign(path: Path, key: Path) -> Path:
    """Sign a file; ssh-keygen asks for a passphrase if the key has one.

    Args:
        path: the file.
        key: private key, or the public key of one that an agent holds.

    Raises:
        UserError: if there is no ssh-keygen, or it can't sign with this key.
    """
    if not key.is_file():
        raise UserError(f"{key}: no such key; make one: ssh-keygen -t ed25519 -f KEY")
    words = ["-Y", "sign", "-q", "-f", str(key), "-n", NAMESPACE]
    done = _call(words, path.read_bytes(), seconds=None)
    if done.returncode:
        raise UserError(f"{key}: can't sign with it ({_told(done.stderr)}); give an SSH key")
    out = signature_file(path)
    write_bytes(out, done.stdout)
    return out


def check(path: Path, signers: Path | None) -> Signature:
    """Check the signature beside a file; a missing one is no error.

    Args:
        path: the file.
        signers: list of allowed signers, as OpenSSH's ALLOWED SIGNERS; None: nobody is known.

    Raises:
        UserError: if the list of signers can't be read.
    """
    place = signature_file(path)
    if not place.exists() and not place.is_symlink():
        return Signature("unsigned", "not signed")
    if shutil.which(TOOL) is None:
        return Signature("not checked", f"signed, but {TOOL} isn't installed (OpenSSH)")
    try:
        text = bounded_text(place, LARGEST)
    except UserError as error:
        return Signature("wrong", f"{place.name}: {error}")
    if signers is not None and not signers.is_file():
        raise UserError(f"{signers}: no such list of signers; name another with --signers")
    with tempfile.TemporaryDirectory(prefix="nnactive-signature-") as folder:
        copy = Path(folder, "file.sig")
        copy.write_text(text, encoding="utf-8")
        return _judged(path, copy, signers)


def _judged(path: Path, signature: Path, signers: Path | None) -> Signature:
    content, common = path.read_bytes(), ["-n", NAMESPACE, "-s", str(signature)]
    done = _call(["-Y", "check-novalidate", *common], content)
    if done.returncode:
        return Signature("wrong", f"{path.name}{SUFFIX} isn't a signature of {path.name}")
    key = KEY.search(done.stdout.decode(errors="replace"))
    shown = key.group() if key else "an unknown key"
    if signers is None:
        return Signature("unknown key", f"signed with {shown}; no list of signers is given")
    for name in _principals(signers, signature):
        words = ["-Y", "verify", "-f", str(signers), "-I", name, *common]
        if not _call(words, content).returncode:
            return Signature("signed", f"signed by {name} with {shown}")
    return Signature("unknown key", f"signed with {shown}, which {signers.name} doesn't have")


def _principals(signers: Path, signature: Path) -> list[str]:
    done = _call(["-Y", "find-principals", "-s", str(signature), "-f", str(signers)], b"")
    lines = done.stdout.decode(errors="replace").splitlines()
    return [] if done.returncode else [line for line in lines if line]


def _call(
    words: list[str], content: bytes, seconds: float | None = SECONDS
) -> "subprocess.CompletedProcess[bytes]":
    tool = shutil.which(TOOL)
    if tool is None:
        raise UserError(f"{TOOL} isn't installed; install OpenSSH's client")
    try:
        return subprocess.run(
            [tool, *words], input=content, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{TOOL} hasn't answered within {SECONDS} s; try again") from None


def _told(stderr: bytes) -> str:
    return " ".join(stderr.decode(errors="replace").split())[:200] or "no output"
