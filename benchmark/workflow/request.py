"""A request to run methods on a track, and whether it fits what is on disk."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark import layout
from benchmark.chain.images import Checksums
from benchmark.layout import Experiment
from benchmark.submission.spec import MethodSpec
from benchmark.tracks import Track
from benchmark.workflow.datasets import dataset_folder
from benchmark.workflow.plan import STEP_COMMAND
from nnactive.data.cards import load_card
from nnactive.data.prepared import INFO, PreparedDataset
from nnactive.errors import UserError
from nnactive.io.files import read_model, replace_model, write_model
from nnactive.io.formatting import command, size
from nnactive.settings import Setting


@dataclass(frozen=True)
class Request:
    """What to run."""

    track: Track
    methods: tuple[tuple[MethodSpec, Path | None], ...]
    """Each with the copy of a submission that was checked; None for a built-in method."""
    data: Path
    runs: Path
    cores: int
    slots: int = 1
    """Jobs that may share a GPU."""
    step_command: str = STEP_COMMAND
    """Tests replace the steps by stand-ins."""
    keep: bool = False
    """Whether networks are kept that nothing needs any more."""
    command: str = ""
    """The command line, for results."""

    @property
    def root(self) -> Path:
        """The track's folder."""
        return self.runs / self.track.name

    @property
    def looking_back(self) -> tuple[str, ...]:
        """Ids of the methods whose queries need the ensembles of all earlier loops."""
        return tuple(spec.record.id for spec, _ in self.methods if spec.later.looks_back)

    @property
    def networkless(self) -> tuple[str, ...]:
        """Ids of the methods whose queries need no ensemble."""
        return tuple(spec.record.id for spec, _ in self.methods if not spec.later.needs_network)

    def dataset(self, name: str) -> Path:
        """Folder of one of the track's datasets; absolute."""
        return dataset_folder(name, self.data.resolve(), self.runs.resolve())


def check_datasets(request: Request) -> tuple[str, ...]:
    """Check that the datasets are those that the track's runs began with.

    Returns:
        Names of the datasets that the workflow has to generate.

    Raises:
        UserError: if a dataset is missing, or differs from before.
    """
    file = request.root / layout.datasets_file()
    known = dict(read_model(file, Checksums).checksums) if file.exists() else {}
    missing = []
    for name in request.track.datasets:
        folder = request.dataset(name)
        if not (folder / INFO).exists():
            missing.append(name)
            continue
        info = PreparedDataset(folder).info
        # Of a person's own images there is no card.
        if info.labels_in is None and info.source != load_card(name).preparation_hash():
            raise UserError(
                f"{folder}: prepared from another card or version of the dataset; "
                "remove that folder and run again"
            )
        if known.setdefault(name, info.checksum) != info.checksum:
            raise UserError(
                f"{folder}: differs from the data that the runs in {request.root} began with; "
                "use another --runs folder"
            )
    for name in missing:
        if load_card(name).generator is None:
            raise UserError(
                f"{request.data / name}: not prepared; run "
                f"{command(f'data download {name}', request.data)}, then "
                f"{command(f'data prepare {name}', request.data)}"
            )
    replace_model(file, Checksums(checksums=known))
    return tuple(missing)


def follow_datasets(request: Request, experiments: Iterable[Experiment]) -> None:
    """Point training folders at datasets that have moved, as they do between host and container.

    Args:
        request: where the datasets are.
        experiments: whose folders; others may be in use where the datasets lie elsewhere.
    """
    from nnactive.steps.annotate import follow_dataset

    settings = {setting.name: setting for setting in request.track.settings}
    wanted = {
        layout.train_folder(each, loop): settings[each.setting].dataset
        for each in experiments
        for loop in range(settings[each.setting].loops)
    }
    for train, dataset in wanted.items():
        if (request.root / train).exists():
            follow_dataset(request.dataset(dataset), request.root / train)


def check_settings(request: Request) -> None:
    """Check that settings and rules are those that the track's runs began with.

    Raises:
        UserError: names the field that differs.
    """
    for setting in request.track.settings:
        file = request.root / layout.setting_file(setting.name)
        if not file.exists():
            write_model(file, setting)
        elif (before := read_model(file, Setting)) != setting:
            field, old, new = next(_differences(before.model_dump(), setting.model_dump()))
            raise UserError(
                f"{file}: field '{field}' was {old} when this run began and is {new} now; "
                "use another --runs folder, or give the setting another name"
            )
    file = request.root / layout.track_file()
    if file.exists():
        earlier = read_model(file, Track)
        for field in ("protocol_version", "comparable", "query"):
            old, new = getattr(earlier, field), getattr(request.track, field)
            if old != new:
                raise UserError(
                    f"{file}: field '{field}' was {old} when this run began and is {new} now; "
                    "use another --runs folder"
                )


def keep_track(request: Request) -> None:
    """Write the track where it isn't there or has changed: other runs may be at work."""
    replace_model(request.root / layout.track_file(), request.track)


def history_note(request: Request) -> str | None:
    """The disk that earlier loops' networks take; None if no method looks back at them."""
    ids = request.looking_back
    if not ids:
        return None
    networks, disk, unknown = 0, 0, False
    for setting in request.track.settings:
        count = len(request.track.seeds) * setting.loops * setting.training.folds
        files = layout.member_files(request.root, setting.name)
        networks += count
        disk += count * files[0].stat().st_size if files else 0
        unknown |= not files
    much = "more than " * bool(unknown and disk) + size(disk) if disk else "size not yet known"
    return (
        f"{', '.join(ids)}: looks back; keep the networks of all loops until it is done "
        f"({networks} for each such method, {much})"
    )


def _differences(
    old: dict[str, Any], new: dict[str, Any], prefix: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    for key in old | new:
        # What is written only where it is true is missing elsewhere.
        before, value = old.get(key, False), new.get(key, False)
        if isinstance(value, dict):
            yield from _differences(before, value, f"{prefix}{key}.")
        elif before != value:
            yield f"{prefix}{key}", before, value
