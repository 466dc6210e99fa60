"""Case ids and channels in the names of image files: nnU-Net's, or one file an image."""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from nnactive.data.card_fields import is_plain
from nnactive.data.case_ids import alike_problem
from nnactive.data.raw.known.naming import COPY
from nnactive.data.unlabelled.listed.files import ending_in
from nnactive.errors import UserError

NUMBERED = re.compile(r"(.+)_([0-9]{4})")
MOST_CHANNELS = 16
"""More are images that someone numbered from 0."""
LONGEST = 150
"""Characters of an id, which is a part of many files' names."""
LISTED = 3
CSV = "a CSV with a column 'id' and one a channel says which"

Key = tuple[str, str]
"""Folder and name of an image, without channel and ending."""


@dataclass(frozen=True)
class Named:
    """Images by id."""

    files: Mapping[str, tuple[str, ...]]
    """One a channel, below the folder."""
    channels: int
    from_folders: bool
    """Whether ids are made of the folders' names."""


def name_images(files: Sequence[str]) -> Named:
    """Give each image its id and its channels.

    Names are nnU-Net's, ``CASE_0000.nii.gz``, if one is; else each file is an image. Files with the
    same name in several folders are told apart by these.

    Args:
        files: below the images' folder, in POSIX's form.

    Raises:
        UserError: an image has two files for one channel, or lacks a channel; names look like
            channels, but aren't nnU-Net's; ids aren't unique.
    """
    _check_copies(files)
    groups = _groups(files)
    channels = 1 + max(max(group) for group in groups.values())
    _check_channels(groups, channels)
    if channels == 1:
        _check_other_channels(groups)
    ids, from_folders = _ids(groups)
    check_ids(list(ids.values()))
    named = {
        ids[key]: tuple(file for _, file in sorted(group.items())) for key, group in groups.items()
    }
    return Named(dict(sorted(named.items())), channels, from_folders)


def check_ids(ids: Sequence[str]) -> None:
    """Refuse ids that can't be the names of files, or that some file systems take for one.

    Raises:
        UserError: there is such an id.
    """
    for case in ids:
        if not is_plain(case) or re.search(r"[/\\]", case) or case[0] in ".-" or case[-1] in ". ":
            cause = "is empty, or has slashes, control characters or a dot, dash or blank at an end"
            raise UserError(f"image id {case!r}: {cause}; choose one that can be a file's name")
        if len(case) > LONGEST:
            raise UserError(f"image id {case!r}: longer than {LONGEST} characters; shorten it")
    if problem := alike_problem(ids):
        raise UserError(problem)


def _check_copies(files: Collection[str]) -> None:
    there = set(files)
    for name in sorted(files):
        found = COPY.fullmatch(name)
        if found is not None and f"{found[1]}{found[4]}" in there:
            raise UserError(f"{name}: a second copy of a file; remove it")


def _groups(files: Sequence[str]) -> dict[Key, dict[int, str]]:
    """Files by channel, by image."""
    parts = [(file, *_parts(file)) for file in sorted(files)]
    numbered = any(NUMBERED.fullmatch(stem) and stem.endswith("_0000") for _, _, stem in parts)
    groups: defaultdict[Key, dict[int, str]] = defaultdict(dict)
    for file, folder, stem in parts:
        found = NUMBERED.fullmatch(stem) if numbered else None
        key, channel = ((folder, found[1]), int(found[2])) if found else ((folder, stem), 0)
        if other := groups[key].get(channel):
            raise UserError(f"{other} and {file}: two files of one image; remove one of them")
        groups[key][channel] = file
    return dict(groups)


def _parts(file: str) -> Key:
    path = PurePosixPath(file)
    return path.parent.as_posix(), path.name.removesuffix(ending_in(path.name) or "")


def _check_channels(groups: Mapping[Key, Mapping[int, str]], channels: int) -> None:
    lacking = [key for key, group in groups.items() if len(group) < channels]
    if channels > MOST_CHANNELS:
        (_, name), group = max(groups.items(), key=lambda item: max(item[1]))
        raise UserError(
            f"{group[max(group)]}: channel {channels - 1} of '{name}' by its name; if each file is "
            f"an image of its own, {CSV}"
        )
    if lacking:
        absent = next(n for n in range(channels) if n not in groups[lacking[0]])
        more = f" and {len(lacking) - LISTED} more" if lacking[LISTED:] else ""
        raise UserError(
            f"{len(lacking)} of {len(groups)} images lack a channel that others have: "
            f"{', '.join(name for _, name in lacking[:LISTED])}{more} (the first lacks "
            f"_{absent:04d}); add the files, or {CSV}"
        )


def _check_other_channels(groups: Collection[Key]) -> None:
    """Refuse names such as ``a_t1``, ``a_t2``, ``b_t1``, ``b_t2``: images, or channels of two?"""
    for split in (_by_folder, _by_last_part):
        found: defaultdict[str, set[str]] = defaultdict(set)
        for folder, stem in groups:
            image, part = split(folder, stem)
            found[image].add(part)
        parts = next(iter(found.values()))
        if len(found) < 2 or len(parts) < 2 or any(p.isdigit() or not p for p in parts):  # noqa: PLR2004
            continue
        if all(other == parts for other in found.values()):
            shown = ", ".join(sorted(parts)[:LISTED])
            raise UserError(
                f"{len(groups)} files of {len(found)} images by their names, each with "
                f"{shown}: channels, or images of their own? {CSV}, or call channels "
                "CASE_0000, CASE_0001"
            )


def _by_folder(folder: str, stem: str) -> tuple[str, str]:
    return folder, stem.removeprefix(PurePosixPath(folder).name).strip("_-. ")


def _by_last_part(folder: str, stem: str) -> tuple[str, str]:
    image, _, part = stem.rpartition("_")
    return f"{folder}/{image}", part


def _ids(groups: Collection[Key]) -> tuple[dict[Key, str], bool]:
    """Each image's id, and whether folders' names are part of it."""
    stems = [stem for _, stem in groups]
    if len(set(stems)) == len(stems):
        return {key: key[1] for key in groups}, False
    alone = len({folder for folder, _ in groups}) == len(groups)
    ids = {}
    for folder, stem in groups:
        above = [] if folder == "." else folder.split("/")
        ids[folder, stem] = "_".join(above if alone and above else [*above, stem])
    return ids, True
