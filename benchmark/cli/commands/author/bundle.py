"""Bundles of finished runs: `bundle`, and what `submit` does before and after its run for one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from benchmark.cli.contained import Contained, note
from benchmark.cli.options import param_option, runs_option
from nnactive.errors import NnactiveError, UserError

if TYPE_CHECKING:
    from benchmark.submission.method_string import Method
    from benchmark.submission.requirements import Manifest
    from benchmark.tracks import Track

ID: Final = "{id}"
USUAL: Final = f"bundles/{ID}"

track_option = click.option(
    "--track",
    "name",
    default="demo",
    show_default=True,
    metavar="NAME",
    help="Track that it ran on: a name, or the path of a YAML file.",
)


@click.command()
@click.argument("text", metavar="METHOD")
@param_option
@track_option
@runs_option
@click.option(
    "--manifest",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The submission.yaml; by default the one beside METHOD's file.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path(USUAL),
    show_default=True,
    help="Folder to write, or a .zip by its name; {id} stands for the method's id.",
)
def bundle(
    text: str, parameters: Sequence[str], name: str, runs: Path, manifest: Path | None, out: Path
) -> None:
    """Write the bundle of METHOD, which has finished a track, for submission.

    METHOD is what was submitted, or an id that `runs list` shows.
    """
    from benchmark.bundles.read import read_plain_manifest
    from benchmark.layout import spec_file
    from benchmark.submission.method_string import Method
    from benchmark.tracks import load_track

    track = load_track(name)
    root = runs / track.name
    said = read_plain_manifest(manifest) if manifest else None
    if not parameters and (root / spec_file(text)).is_file():
        write(root, track, text, out, said)
        return
    method = Method.parse(text, parameters)
    write(root, track, id_of(method, root, track), out, said or manifest_of(method))


def write(
    root: Path, track: "Track", method_id: str, out: Path, manifest: "Manifest | None"
) -> None:
    """Write one bundle, and say what to do with it."""
    import shlex

    from benchmark.bundles.write import write_bundle
    from benchmark.cli.command_line import command_line
    from nnactive.io.formatting import size

    place = Path(str(out).replace(ID, method_id))
    record = write_bundle(root, track, method_id, place, manifest, command=command_line())
    total = sum(each.size for each in record.files.values())
    shown = shlex.quote(str(place))
    click.echo(f"bundle: {place} ({len(record.files)} files, {size(total)})")
    if record.method.origin == "builtin":
        click.echo(f"next: nnactive-bench verify {shown}; a built-in method can't be an entry")
        return
    click.echo(f"next: nnactive-bench verify {shown}, then send it or open a pull request with")
    click.echo(f"  nnactive-bench entry add {shown} (docs/submitting.md)")


def manifest_of(method: "Method") -> "Manifest | None":
    """What the author's ``submission.yaml`` says; None for a built-in method."""
    source = method.source
    return source.manifest if source else None


def id_of(method: "Method", root: Path, track: "Track") -> str:
    """Id of a METHOD in a track's folder."""
    from benchmark.cli.commands.author.methods import examine
    from benchmark.submission.pairs import entrant

    return entrant(examine(method.staged(), root), track.query).record.id


@dataclass(frozen=True)
class Offer:
    """The bundles that `submit` is to leave."""

    methods: "tuple[Method, ...]"
    place: str
    """With ``{id}`` for the method's id."""
    required: bool
    """Whether a bundle that can't be written is an error; otherwise a note."""
    track: str
    runs: Path

    def check(self) -> None:
        """Say what a bundle will lack before anything is trained.

        Raises:
            UserError: if it is required.
        """
        from benchmark.bundles.write import check_chosen
        from benchmark.submission.requirements import MANIFEST, Manifest
        from benchmark.tracks import load_track

        try:
            check_chosen(load_track(self.track))
        except UserError as error:
            if self.required:
                raise
            note(f"note: no bundle: {error}")
        if len(self.methods) > 1 and ID not in self.place:
            raise UserError(
                f"--bundle {self.place}: there are {len(self.methods)} METHODs; "
                f"write {ID} for their ids, as in --bundle {USUAL!r}"
            )
        for method in self.methods:
            if method.file is None:
                continue
            lacks = (manifest_of(method) or Manifest()).completed({"name": method.name}).lacks
            if not lacks:
                continue
            cause = f"a bundle needs more in {MANIFEST} beside it; add there: {'; '.join(lacks)}"
            if self.required:
                raise UserError(f"{method.origin}: {cause}")
            note(f"note: {method.origin}: {cause}")

    def make(self) -> int:
        """Write the bundles once their experiments have ended; returns the exit code."""
        from benchmark.tracks import load_track

        track = load_track(self.track)
        root = self.runs / track.name
        for method in self.methods:
            try:
                method_id = id_of(method, root, track)
                write(root, track, method_id, Path(self.place), manifest_of(method))
            except NnactiveError as error:
                if self.required:
                    raise
                click.echo(f"no bundle: {error}", err=True)
        return 0


class Offering(Contained):
    """`submit`: after the run, here or in a container, its bundles are written here.

    A bundle's parts are read from RUNS, and nothing of the author's is run for it.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, then write the bundles."""
        offer = _offer(ctx)
        if offer is None:
            return super().invoke(ctx)
        offer.check()
        status = super().invoke(ctx)
        # An experiment that failed is part of the record.
        return max(int(status or 0), offer.make())


def _offer(ctx: click.Context) -> Offer | None:
    from benchmark.submission.sweep import swept

    required, optional = ctx.params.pop("bundle"), ctx.params.pop("offer")
    place = required or optional
    if not place:
        return None
    texts, parameters = ctx.params["submitted"], ctx.params["parameters"]
    methods = tuple(swept(texts, parameters)) if len(texts) == 1 or not parameters else ()
    return Offer(methods, str(place), bool(required), ctx.params["name"], ctx.params["runs"])


def bundle_options(command: Any) -> Any:
    """Add ``--bundle``, and ``--offer``, which only notes what is in the way."""
    command = click.option(
        "--offer", metavar="DIR", hidden=True, help="As --bundle, but never an error."
    )(command)
    return click.option(
        "--bundle",
        metavar="DIR",
        help="Write a bundle to submit: a folder, or a .zip by its name; {id} is the method's id.",
    )(command)
