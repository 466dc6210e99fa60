"""Stratified choice: a share of the patches for each foreground class, the rest unstratified."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.query.selection import Candidate, top

UNSTRATIFIED = 0
"""The stratum without a class; the others have their class's label."""

PutForward = Callable[[int, list[Patch], int], list[Candidate]]
"""(stratum, patches taken in the image so far, maximum number) -> the stratum's candidates."""


def quotas(candidates: int, alpha: Decimal, classes: int) -> list[int]:
    """Patches that each stratum may put forward in one image.

    A class stratum: ``max(1, floor(k alpha / (F + 1)))``; the unstratified one: ``max(1, floor(k (1
    - alpha)))``; in exact decimals (protocol section 5).

    Args:
        candidates: candidates per image, ``k``.
        alpha: share of the class strata.
        classes: foreground classes, ``F``.

    Returns:
        ``F + 1`` numbers, the unstratified one first.
    """
    each = max(1, int(candidates * alpha / (classes + 1)))
    return [max(1, int(candidates * (1 - alpha))), *[each] * classes]


def shares(n: int, alpha: Decimal, classes: int, rng: np.random.Generator) -> list[int]:
    """Patches of the query that each stratum gets.

    The classes share ``floor(alpha n)`` equally, with the remainder going to classes drawn at
    random, one each; the unstratified one gets the rest.

    Returns:
        ``F + 1`` numbers that add up to ``n``, the unstratified one first.
    """
    together = int(alpha * n)
    each, remainder = divmod(together, classes)
    counts = [n - together, *[each] * classes]
    for index in rng.choice(classes, remainder, replace=False):
        counts[1 + index] += 1
    return counts


def stratified_candidates(
    put_forward: PutForward,
    limits: Sequence[int],
    labelled: Iterable[Patch],
    rng: np.random.Generator,
) -> list[Candidate]:
    """Candidates of one image: the strata pick one after the other, in a random order.

    Args:
        put_forward: lets one stratum pick greedily, without overlapping the patches taken.
        limits: maximum number for each stratum.
        labelled: patches labelled in the image.
        rng: source of the order.

    Returns:
        Candidates with their stratum; they overlap neither labelled patches nor one another.
    """
    taken = list(labelled)
    found: list[Candidate] = []
    for stratum in rng.permutation(len(limits)).tolist():
        picked = put_forward(stratum, taken, limits[stratum])
        taken += [candidate.patch for candidate in picked]
        found += [replace(candidate, stratum=stratum) for candidate in picked]
    return found


def stratified_choice(candidates: Iterable[Candidate], counts: Sequence[int]) -> list[Patch]:
    """The best of each stratum over all images: the unstratified ones, then class by class.

    Raises:
        MethodError: if a stratum has fewer candidates than its share; strata don't lend patches.
    """
    strata: list[list[Candidate]] = [[] for _ in counts]
    for candidate in candidates:
        if not 0 <= candidate.stratum < len(strata):
            raise MethodError(
                f"{candidate.patch.case}: a candidate has stratum {candidate.stratum}; "
                f"it must be 0 to {len(strata) - 1}"
            )
        strata[candidate.stratum].append(candidate)
    chosen: list[Patch] = []
    for stratum, (available, count) in enumerate(zip(strata, counts, strict=True)):
        if len(available) < count:
            name = f"the stratum of class {stratum}" if stratum else "the unstratified part"
            raise MethodError(
                f"{name} has {len(available)} candidates in the pool, its share is {count}; "
                "query fewer patches or allow more candidates per image"
            )
        chosen += top(available, count)
    return chosen
