"""Where a pack is: a folder, or an address below which its files are served."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from benchmark.bundles.bounded import read_bounded
from benchmark.store.manifest import MANIFEST, StoredFile, StoreManifest, is_stored
from nnactive.data.download.leftovers import drafts_of, remove_drafts
from nnactive.data.download.patience import TransferError
from nnactive.data.download.transfer import fetch
from nnactive.data.progress import FileReport
from nnactive.errors import UserError
from nnactive.io.models import NewerFileError

LARGEST_MANIFEST = 64 << 20
"""Bytes; one of the whole study has a twentieth."""


class IncompleteError(UserError):
    """A file of a pack is missing or damaged; what was fetched before is kept for another try."""


@dataclass(frozen=True)
class Source:
    """A folder, or the address of one."""

    text: str

    @property
    def served(self) -> bool:
        """Whether files come over HTTP."""
        return self.text.startswith(("http://", "https://"))

    def manifest(self, work: Path, report: FileReport) -> StoreManifest:
        """The pack's manifest.

        Args:
            work: folder for a file that is fetched.
            report: told of the transfer.

        Raises:
            UserError: there is none, or it is broken.
        """
        if not self.served:
            file = Path(self.text) / MANIFEST
            if not file.is_file():
                raise UserError(f"{file}: no such file; give the folder of a pack of baselines")
        else:
            file = work / MANIFEST
            file.unlink(missing_ok=True)
            remove_drafts(drafts_of(file))
            self._fetch(MANIFEST, file, None, report, LARGEST_MANIFEST)
        try:
            return read_bounded(file.resolve(), StoreManifest, LARGEST_MANIFEST)
        except NewerFileError as error:
            raise NewerFileError(f"{self.text}/{MANIFEST}: {error}") from None
        except UserError as error:
            raise UserError(f"{self.text}/{MANIFEST}: {error}; export the pack again") from None

    def get(self, name: str, known: StoredFile, place: Path, report: FileReport) -> None:
        """Bring a file to ``place``; one that is there is kept, a part of one continued.

        Raises:
            IncompleteError: it is missing, or not what the manifest says.
        """
        if is_stored(place, known):
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        if self.served:
            self._fetch(name, place, known.size, report, known.size)
        else:
            source = Path(self.text) / name
            if not source.is_file():
                raise IncompleteError(f"{source}: missing from the pack; copy all of it again")
            if source.stat().st_size != known.size:
                raise IncompleteError(self._other(name))
            draft = place.with_name(f".{place.name}.copy")
            shutil.copyfile(source, draft)
            draft.replace(place)
        if not is_stored(place, known):
            place.unlink(missing_ok=True)
            raise IncompleteError(self._other(name))

    def _other(self, name: str) -> str:
        return (
            f"{self.text}/{name}: is not what the manifest says (size or SHA-256 differs); "
            "nothing was imported from it"
        )

    def _fetch(
        self, name: str, place: Path, size: int | None, report: FileReport, most: int
    ) -> None:
        url = f"{self.text.rstrip('/')}/{quote(name)}"
        draft = place.with_name(f".{place.name}.part")
        try:
            fetch(url, draft, size, report, most=most)
        except TransferError as error:
            raise TransferError(
                f"{url}: {error}; check the address, or run the same command again to continue "
                "where it stopped"
            ) from None
        draft.replace(place)
        draft.with_name(f"{draft.name}.json").unlink(missing_ok=True)
