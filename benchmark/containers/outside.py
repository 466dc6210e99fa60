"""What an annotation project's file names outside its folder: a container has to mount it."""

from pathlib import Path

from benchmark.annotation.project.places import Places, load_project


def outside(root: Path) -> tuple[Path, ...]:
    """Absolute paths that exist: images' folder, given labels, methods that aren't copied.

    A folder comes once, without what lies in it. A folder that is no project names nothing.

    Args:
        root: the project's folder.

    Raises:
        UserError: if its file is wrong.
    """
    from benchmark.submission.method_string import Method

    if not Places(root).project.is_file():
        return ()
    project = load_project(root)
    named = [Path(each) for each in (project.folder, *project.given.values())]
    for text in (project.start, project.method):
        head = text.rpartition(":")[0]
        if Path(head).is_absolute() and Path(head).exists():
            source = Method.parse(text).source
            named += [source.path(name) for name in source.members()] if source else []
    there = sorted({path for path in named if path.is_absolute() and path.exists()})
    return tuple(
        path
        for path in there
        if not any(other in path.parents for other in (*there, root.resolve()))
    )


def images_of(root: Path) -> Path | None:
    """The resolved folder of a project's images; None: there is none, or it isn't where it was.

    Args:
        root: the project's folder.

    Raises:
        UserError: if its file is wrong.
    """
    if not Places(root).project.is_file():
        return None
    folder = (root / load_project(root).folder).resolve()
    return folder if folder.is_dir() else None
