"""What a track's shards are asked for, in a file: any machine rebuilds the request from it."""

from pathlib import Path

from benchmark import layout
from benchmark.cluster.shards import Kind, Shard, shards
from benchmark.firewall.ways import AUTO, wish
from benchmark.submission.spec import MethodSpec
from benchmark.tracks import Track
from benchmark.workflow.plan import STEP_COMMAND
from benchmark.workflow.request import Request
from nnactive.errors import UserError
from nnactive.io.files import read_model
from nnactive.io.models import StateFile


class ShardRequest(StateFile):
    """``.shards/request.json``; says nothing of any machine's hardware."""

    track: Track
    """With the settings and seeds that were asked for."""
    methods: tuple[str, ...]
    """Ids; their records and frozen copies are in the track's folder."""
    cut: Kind = Kind.EXPERIMENT
    data: str
    """Folder of the prepared datasets, absolute, as the nodes see it."""
    generated: tuple[str, ...] = ()
    """Datasets that were still to be generated."""
    keep: bool = False
    """Whether checkpoints are kept that nothing needs any more."""
    isolation: str = AUTO
    """The user's wish; nodes may give more or less than the machine that it came from."""
    step_command: str | None = None
    """Tests replace the steps by stand-ins."""

    def shards(self) -> dict[str, Shard]:
        """All shards by slug."""
        return shards(self.track, self.methods, self.cut, self.generated)

    def request(self, root: Path, cores: int, data: Path | None = None) -> Request:
        """The request as a run on this machine takes it.

        Args:
            root: the track's folder.
            cores: that the run may use.
            data: where the prepared datasets are here, if not where they were.

        Raises:
            UserError: if a method's record isn't there.
        """
        entries = tuple(_entry(root, method) for method in self.methods)
        return Request(
            track=self.track,
            methods=entries,
            data=data or Path(self.data),
            runs=root.parent,
            cores=cores,
            step_command=self.step_command or STEP_COMMAND,
            keep=self.keep,
        )


def request_file(root: Path) -> Path:
    """The file below the track's folder."""
    return root / layout.shard_folder() / "request.json"


def read_request(root: Path) -> ShardRequest:
    """What was submitted in a track's folder.

    Raises:
        UserError: if nothing was.
    """
    file = request_file(root)
    if not file.exists():
        raise UserError(
            f"{root}: nothing was submitted in shards here; run nnactive-bench submit or "
            "track run with --profile, or name the folder RUNS/TRACK"
        )
    return read_model(file, ShardRequest)


def asked(request: Request, cut: Kind, generated: tuple[str, ...]) -> ShardRequest:
    """The file's content for a request."""
    return ShardRequest(
        track=request.track,
        methods=tuple(spec.record.id for spec, _ in request.methods),
        cut=cut,
        data=str(request.data.resolve()),
        generated=generated,
        keep=request.keep,
        isolation=wish(),
        step_command=None if request.step_command == STEP_COMMAND else request.step_command,
    )


def _entry(root: Path, method: str) -> tuple[MethodSpec, Path | None]:
    file = root / layout.spec_file(method)
    if not file.exists():
        raise UserError(f"{file}: no such file; submit the method again")
    spec = read_model(file, MethodSpec)
    owner = (spec.pair[0] if spec.pair else spec).record
    if owner.origin == "builtin":
        return spec, None
    return spec, root / layout.frozen_folder(owner.id)
