"""Commands that run in a container, too, with the same options: ``--runtime docker|apptainer``."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
from click.core import ParameterSource

from benchmark.cli.images import IMAGES, found, requirements
from benchmark.containers.roles import Given, Role, RuntimeName
from nnactive.errors import UserError

if TYPE_CHECKING:
    from benchmark.containers.handover import Handover

UNITS = ("", "k", "m", "g", "t")
CHOSEN = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)
PLACES = frozenset({Role.DATA, Role.KEPT_DATA, Role.RUNS, Role.PAGE, Role.GUIDE})
"""Their defaults name folders of the host, too."""


def amount(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    """Bytes of an amount of memory such as ``16g``: units of 1024 bytes, its square or its cube."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+)([kmgt]?)(?:i?b)?", text.strip().lower())
    if not found or not int(found[1]):
        raise click.BadParameter(f"'{text}' isn't an amount of memory; write one such as 16g")
    factor: int = 1024 ** UNITS.index(found[2])
    return int(found[1]) * factor


def layer_option() -> click.Option:
    """Whether the image gets what a submission needs beyond it."""
    return click.Option(
        ["--layer"],
        is_flag=True,
        help="Install what the submission.yaml beside METHOD pins in a layer on the image.",
    )


def runtime_options() -> list[click.Parameter]:
    """How a command is run, and within which limits."""
    return [
        click.Option(
            ["--runtime"],
            type=click.Choice(get_args(RuntimeName)),
            envvar="NNACTIVE_RUNTIME",
            default="local",
            show_default=True,
            help="Run here, or in a container (or NNACTIVE_RUNTIME).",
        ),
        click.Option(
            ["--image"],
            envvar="NNACTIVE_IMAGE",
            metavar="REF",
            help="The container's image (or NNACTIVE_IMAGE); by default "
            + ", ".join(f"{image} ({name})" for name, image in IMAGES.items())
            + ".",
        ),
        click.Option(
            ["--memory"],
            callback=amount,
            metavar="SIZE",
            help="Memory that the container may use, as 16g.",
        ),
        click.Option(
            ["--shm-size"],
            callback=amount,
            metavar="SIZE",
            help="Shared memory of the container (Docker; by default 8g).",
        ),
        click.Option(
            ["--scratch"],
            type=click.Path(path_type=Path, file_okay=False),
            help="Where the container's temporary files go; by default where TMPDIR says.",
        ),
    ]


class Contained(click.Command):
    """A command that ``--runtime`` takes into a container."""

    def __init__(
        self,
        *args: Any,
        roles: Mapping[str, Role],
        gpu: bool = False,
        network: bool = False,
        **kwargs: Any,
    ) -> None:
        """Take what the parameters stand for, by name, and whether it needs GPUs or a network."""
        super().__init__(*args, **kwargs)
        self.roles, self.gpu, self.network = roles, gpu, network
        layers = [layer_option()] if Role.METHOD in roles.values() else []
        self._own = [*runtime_options(), *layers]
        self.params.extend(self._own)

    def invoke(self, ctx: click.Context) -> Any:
        """Run it here, or in a container."""
        asked = {str(own.name): ctx.params.pop(str(own.name)) for own in self._own}
        if asked["runtime"] != "local":
            return self._inside(ctx, asked)
        for name in sorted(asked.keys() - {"runtime"}):
            if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                option = name.replace("_", "-")
                raise UserError(f"--{option}: is for containers; add --runtime docker or apptainer")
        return super().invoke(ctx)

    def _inside(self, ctx: click.Context, asked: Mapping[str, Any]) -> int:
        from benchmark.containers.container import Limits
        from benchmark.containers.handover import hand_over
        from benchmark.containers.inside import Asked, run_inside

        given = list(self._given(ctx))
        handover = hand_over(ctx.command_path.split()[1:], given)
        check_data(ctx.params, self.roles, handover)
        needed = requirements(ctx.params, self.roles) if asked.get("layer") else ()
        runtime, image, base = found(asked["runtime"], asked["image"], needed)
        limits = Limits(
            memory=asked["memory"],
            shared_memory=asked["shm_size"],
            cores=ctx.params.get("cores"),
        )
        wanted = Asked(limits, gpus=self.gpu, network=self.network, scratch=asked["scratch"])
        return run_inside(runtime, image, handover, wanted, tell, base)

    def _given(self, ctx: click.Context) -> Iterator[Given]:
        """What the user gave, and places by default."""
        for param in self.params:
            name = str(param.name)
            value = ctx.params.get(name)
            role = self.roles.get(name, Role.TEXT)
            if role is Role.GUIDE and value is None:
                value = default_guide(ctx.params)
            chosen = ctx.get_parameter_source(name) in CHOSEN
            if value is None or value is False or not (chosen or role in PLACES):
                continue
            values = tuple(map(str, value)) if isinstance(value, tuple) else (str(value),)
            option = param.opts[-1] if isinstance(param, click.Option) else ""
            yield Given(option, values, role, flag=value is True)


def check_data(params: Mapping[str, Any], roles: Mapping[str, Role], handover: "Handover") -> None:
    """Refuse a run on datasets that must be prepared, where no container would see them.

    Raises:
        UserError: names the folder and the dataset.
    """
    from benchmark.containers.places import check_links
    from benchmark.image.record import DATA
    from benchmark.tracks import load_track
    from nnactive.data.cards import load_card
    from nnactive.io.formatting import command

    track = next((params[name] for name, role in roles.items() if role is Role.TRACK), None)
    if track is None:
        return
    content, data = (
        load_track(track).part(params.get("dataset"), params.get("regime")),
        params["data"],
    )
    check_links(data, content.datasets, "--data")
    check_links(params["runs"], [content.name], "--runs")
    if any(mount.target == type(mount.target)(DATA) for mount in handover.mounts):
        return
    for dataset in content.datasets:
        if load_card(dataset).generator is None:
            raise UserError(
                f"{data}: no such folder, and {dataset} must be prepared; run: "
                f"{command(f'data prepare {dataset}', data)}, or name another folder with --data"
            )


def default_guide(params: Mapping[str, Any]) -> str:
    """Name of the file that ``data guide`` writes if it isn't given one."""
    from nnactive.data.cards import list_cards
    from nnactive.data.own.add import describe_raw

    name: str = params["dataset"]
    folder = name not in list_cards() and Path(name).is_dir()
    return f"guide_{describe_raw(Path(name)).name if folder else name}.yaml"


def tell(line: str, err: bool) -> None:  # noqa: FBT001
    """Pass on a line of a container."""
    click.echo(line, nl=False, err=err)
