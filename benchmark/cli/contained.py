"""Commands that also run in a container, with the same options: ``--runtime NAME``."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from benchmark.containers.roles import Given, Role
from benchmark.containers.runtimes import LOCAL, RUNTIMES, connect
from nnactive.errors import UserError

if TYPE_CHECKING:
    from benchmark.containers.handover import Handover
    from benchmark.submission.method_string import Method

UNITS = ("", "k", "m", "g", "t")
CHOSEN = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)
PLACES = frozenset({Role.DATA, Role.KEPT_DATA, Role.RUNS, Role.PAGE, Role.GUIDE})
"""Roles of parameters whose defaults name folders or files of the host."""


def amount(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    """Bytes of an amount of memory such as ``16g``; the units are powers of 1024."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+)([kmgt]?)(?:i?b)?", text.strip().lower())
    if not found or not int(found[1]):
        raise click.BadParameter(f"'{text}' isn't an amount of memory; write one such as 16g")
    factor: int = 1024 ** UNITS.index(found[2])
    return int(found[1]) * factor


def layer_option() -> click.Option:
    """The option that adds a layer to the image."""
    return click.Option(
        ["--layer"],
        is_flag=True,
        help="Install the requirements of the submission.yaml beside METHOD in an image layer.",
    )


def runtime_options() -> list[click.Parameter]:
    """Options that say where a command runs, and within which limits."""
    return [
        click.Option(
            ["--runtime"],
            type=click.Choice([LOCAL, *RUNTIMES]),
            envvar="NNACTIVE_RUNTIME",
            default=LOCAL,
            show_default=True,
            help="Run here, or in a container (or NNACTIVE_RUNTIME).",
        ),
        click.Option(
            ["--image"],
            envvar="NNACTIVE_IMAGE",
            metavar="REF",
            help="Image of the container (or NNACTIVE_IMAGE); by default "
            + ", ".join(f"{runtime.image} ({name})" for name, runtime in RUNTIMES.items())
            + ".",
        ),
        click.Option(
            ["--memory"],
            callback=amount,
            metavar="SIZE",
            help="Memory limit of the container, such as 16g.",
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
            help="Folder for the container's temporary files; by default TMPDIR.",
        ),
    ]


class Contained(click.Command):
    """A command that ``--runtime`` can run in a container."""

    def __init__(
        self,
        *args: Any,
        roles: Mapping[str, Role],
        gpu: bool = False,
        network: bool = False,
        layered: bool = False,
        **kwargs: Any,
    ) -> None:
        """Take the parameters' roles, by name, and what the command needs.

        Args:
            args: click's.
            roles: by a parameter's name.
            gpu: whether it computes on GPUs.
            network: whether it downloads.
            layered: whether it runs METHODs that no parameter names, such as those of a project.
            kwargs: click's.
        """
        super().__init__(*args, **kwargs)
        self.roles, self.gpu, self.network = roles, gpu, network
        layers = [layer_option()] if layered or Role.METHOD in roles.values() else []
        self._own = [*runtime_options(), *layers]
        self.params.extend(self._own)

    def invoke(self, ctx: click.Context) -> Any:
        """Run it here, or in a container."""
        asked = {str(own.name): ctx.params.pop(str(own.name)) for own in self._own}
        if asked["runtime"] != LOCAL:
            return self._inside(ctx, asked)
        for name in sorted(asked.keys() - {"runtime"}):
            if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                option = name.replace("_", "-")
                runtimes = " or ".join(RUNTIMES)
                raise UserError(f"--{option}: is for containers; add --runtime {runtimes}")
        return super().invoke(ctx)

    def _inside(self, ctx: click.Context, asked: Mapping[str, Any]) -> int:
        from benchmark.containers.container import Limits
        from benchmark.containers.handover import hand_over
        from benchmark.containers.images import image_to_run
        from benchmark.containers.inside import Options, run_inside

        given = list(self._given(ctx))
        handover = hand_over(ctx.command_path.split()[1:], given)
        check_data(ctx.params, self.roles, handover)
        needed = requirements(ctx.params, self.roles) if asked.get("layer") else ()
        registered, runtime = RUNTIMES[asked["runtime"]], connect(asked["runtime"], note)
        reference = asked["image"] or registered.image
        image = image_to_run(runtime, reference, registered.make_target, needed, note)
        limits = Limits(
            memory=asked["memory"],
            shared_memory=asked["shm_size"],
            cores=ctx.params.get("cores"),
        )
        options = Options(limits, gpus=self.gpu, network=self.network, scratch=asked["scratch"])
        return run_inside(runtime, image, handover, options, tell)

    def _given(self, ctx: click.Context) -> Iterator[Given]:
        """Parameters that the user gave, and defaults that name folders or files."""
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
    """Refuse a run whose prepared datasets the container would not see.

    Raises:
        UserError: names the folder and the dataset.
    """
    from benchmark.containers.handover import check_links
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
    used = filter(None, (content.name, content.taken_from))
    check_links(params["runs"], used, "--runs")
    if any(mount.target == type(mount.target)(DATA) for mount in handover.mounts):
        return
    for dataset in content.datasets:
        if load_card(dataset).generator is None:
            raise UserError(
                f"{data}: no such folder, and {dataset} must be prepared; run: "
                f"{command(f'data prepare {dataset}', data)}, or name another folder with --data"
            )


def requirements(params: Mapping[str, Any], roles: Mapping[str, Role]) -> tuple[str, ...]:
    """What a command's METHODs need, each ``name==version``; those of a track or project too."""
    from benchmark.annotation.project.methods import project_methods
    from benchmark.submission.requirements import together
    from benchmark.submission.sweep import swept
    from benchmark.tracks import load_track

    methods: list[str] = []
    kept: list[Method] = []
    for name, role in roles.items():
        value = params.get(name)
        if role is Role.METHOD and value:
            methods += [value] if isinstance(value, str) else value
        elif role is Role.TRACK and not params.get("methods"):
            methods += load_track(str(value)).methods
        elif role is Role.PROJECT:
            kept += project_methods(Path(str(value)))
    sources = [method.source for method in swept(methods)]
    needed = {each.given: each.manifest.requirements for each in sources if each}
    return together(needed | {each.file: each.requirements for each in kept if each.file})


def default_guide(params: Mapping[str, Any]) -> str:
    """The file that ``data guide`` writes by default."""
    from nnactive.data.cards import list_cards
    from nnactive.data.own.add import describe_raw

    name: str = params["dataset"]
    folder = name not in list_cards() and Path(name).is_dir()
    return f"guide_{describe_raw(Path(name)).name if folder else name}.yaml"


def tell(line: str, err: bool) -> None:  # noqa: FBT001
    """Pass on a line of a container's output."""
    click.echo(line, nl=False, err=err)


def note(line: str) -> None:
    """Tell the user what takes a while."""
    click.echo(line, err=True)
