"""Whether an installed package is what its version says: as its wheel had it, not a folder."""

import base64
import hashlib
import json
from importlib import metadata

from nnactive.errors import UserError


def check_intact(origin: str, name: str) -> None:
    """Refuse a required package whose code may differ from its version's.

    Otherwise a method's results could change under an unchanged id. Only Python files are compared.

    Args:
        origin: the METHOD that requires it.
        name: the package; nothing is known of one that isn't installed.

    Raises:
        UserError: names the file that was changed.
    """
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return
    if _is_folder(found):
        raise UserError(
            f"{origin}: {name} is installed from a folder, so its version doesn't say what its "
            "code is; install it from the index, or list its modules under files: in "
            "submission.yaml"
        )
    for file in found.files or ():
        if file.suffix != ".py" or ".." in file.parts:
            continue
        if file.hash is None or file.hash.mode != "sha256":
            continue
        path = found.locate_file(file)
        try:
            content = path.read_bytes()  # type: ignore[attr-defined]
        except OSError:
            content = None
        if content is None or _digest(content) != file.hash.value:
            raise UserError(
                f"{origin}: {name} {found.version} was changed after its installation ({file}); "
                "install it again"
            )


def _is_folder(found: metadata.Distribution) -> bool:
    """Whether it was installed from a folder, editable or not."""
    text = found.read_text("direct_url.json")
    return bool(text) and "dir_info" in json.loads(text or "{}")


def _digest(content: bytes) -> str:
    digest = hashlib.sha256(content).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
