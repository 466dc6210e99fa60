"""Whether a pack fits the protocol, the track and the data here, before anything is fetched."""

import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Final

from benchmark.bundles.bounded import MOST_BYTES
from benchmark.layout import RESULT, Experiment
from benchmark.store.manifest import StoredPart, StoreManifest, result_files, start_files
from benchmark.tracks import Track
from benchmark.workflow.request import Request, check_datasets, check_settings
from nnactive.errors import UserError
from nnactive.settings import Setting

METHOD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.,=+-]*")
"""Ids of methods: part of paths, so nothing that leads elsewhere."""
NETWORK: Final = ".pth"
"""Such files are large; all others are parsed."""
LARGEST_JSON: Final = 2 << 20
"""Bytes of a file that is neither a network nor a result; seals have a tenth at most."""


def check_fit(manifest: StoreManifest, track: Track) -> None:
    """Refuse a pack of another protocol, nnU-Net or track.

    Raises:
        UserError: says what differs.
    """
    theirs = manifest.track
    if theirs.name != track.name:
        raise UserError(
            f"{track.name}: the pack is of the track {theirs.name!a:.80}; name that one's file "
            "with --track"
        )
    own = {"protocol": track.protocol_version, "nnU-Net": version("nnunetv2")}
    packed = {"protocol": theirs.protocol_version, "nnU-Net": manifest.nnunet}
    for what, here in own.items():
        if packed[what] != here:
            raise UserError(
                f"{theirs.name}: the pack was made with {what} {packed[what]}, this is {here}; "
                "their results aren't comparable, so use a pack of the right version"
            )
    if (theirs.comparable, theirs.query) != (track.comparable, track.query):
        raise UserError(
            f"{theirs.name}: the pack is of a different track with the same name; rename yours"
        )
    known = {setting.name: setting for setting in track.settings}
    for setting in theirs.settings:
        if setting.name in known and known[setting.name] != setting:
            fields = (
                name
                for name in type(setting).model_fields
                if getattr(setting, name) != getattr(known[setting.name], name)
            )
            raise UserError(
                f"{setting.name}: field '{next(fields)}' differs between the pack and this track; "
                "their loops aren't comparable"
            )


def check_data(manifest: StoreManifest, request: Request) -> None:
    """Refuse a pack that was made from other data.

    Raises:
        UserError: names the dataset.
    """
    from nnactive.data.prepared import INFO, PreparedDataset
    from nnactive.io.formatting import command

    for name in request.track.datasets:
        folder = request.dataset(name)
        if not (folder / INFO).is_file():
            prepare = command(f"data prepare {name}", request.data)
            raise UserError(f"{folder}: not prepared, so the pack can't be checked; run {prepare}")
        own = PreparedDataset(folder).info.checksum
        if manifest.checksums.get(name) != own:
            raise UserError(
                f"{folder}: its checksum is {own[:12]}, and the pack was made from "
                f"{manifest.checksums.get(name, 'unknown data')[:12]}; prepare the data again from "
                "the same source, with the same version of the benchmark"
            )
    check_datasets(request)
    check_settings(request)


def check_names(
    manifest: StoreManifest, settings: Mapping[str, Setting], parts: Sequence[StoredPart]
) -> None:
    """Refuse a part with other files than a part of its kind has, or larger ones than are read.

    Raises:
        UserError: names the part.
    """
    for part in parts:
        setting = settings[part.setting]
        names = (
            start_files(setting, part.seed)
            if part.kind == "start"
            else result_files(Experiment(part.setting, part.method, part.seed))
        )
        expected = {name.as_posix() for name in names}
        if set(part.files) != expected or not METHOD.fullmatch(part.method):
            raise UserError(
                f"{manifest.track.name}: {part}: its files are not the expected ones; use another "
                "pack"
            )
        for name, file in part.files.items():
            most = MOST_BYTES if name.endswith(f"/{RESULT}") else LARGEST_JSON
            if file.size > most and not name.endswith(NETWORK):
                raise UserError(
                    f"{manifest.track.name}: {part}: {name} is larger than {most >> 20} MiB; "
                    "use another pack"
                )
