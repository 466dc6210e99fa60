"""Running a query or start method: its errors become one line and its patches are checked."""

import operator
from collections.abc import Sequence
from dataclasses import replace

from nnactive.authored import with_place
from nnactive.errors import MethodError, NnactiveError, PredictionError, described
from nnactive.geometry import Patch, Triple, clip_size
from nnactive.methods.base import QueryMethod
from nnactive.methods.starts.base import StartMethod
from nnactive.pool.info import PoolInfo
from nnactive.pool.view import PoolView


def run_method(method: QueryMethod | StartMethod, pool: PoolView, n: int) -> list[Patch]:
    """The ``n`` patches that ``method`` chooses, in its order, checked.

    Raises:
        MethodError: if the method's code raises, or it doesn't return exactly ``n`` patches of
            known cases and the right size, inside their images, which overlap neither labelled
            patches nor one another (protocol section 5, "Common"); the author's exception is its
            cause.
        PredictionError: if the ensemble's output is unusable. Its message, like that of a
            MethodError, starts with the method's name.
        NnactiveError: if anything else that the step provides fails.
    """
    # Copied before the method runs, so that nothing it does to the view changes the check.
    info = replace(pool.info, shapes=dict(pool.shapes))
    part = "start" if isinstance(method, StartMethod) else "query"
    try:
        return _checked(getattr(method, part)(pool, n), n, info, part)
    except (MethodError, PredictionError) as error:
        line = with_place(" ".join(str(error).split()), error)
        raise type(error)(f"{method.name}: {line}") from error
    except NnactiveError:
        raise
    except (Exception, SystemExit) as error:
        line = with_place(described(error), error)
        raise MethodError(f"{method.name}: {line}") from error


def _checked(answer: object, n: int, info: PoolInfo, part: str) -> list[Patch]:
    """The answer, with plain integers, if it meets the contract."""
    if not isinstance(answer, list):
        raise MethodError(
            f"{part} returned {type(answer).__name__}, it must return a list of Patch"
        )
    chosen = [_patch(item, info, part) for item in answer]
    if len(chosen) != n:
        how = "few" if len(chosen) < n else "many"
        raise MethodError(f"{part} returned too {how} patches: {len(chosen)} instead of {n}")
    seen = {
        case: [(p, "labelled") for p in info.labelled if p.case == case] for case in info.shapes
    }
    for patch in chosen:
        for other, kind in seen[patch.case]:
            if patch.overlaps(other):
                raise MethodError(
                    f"{patch.case}: the patch at {patch.start} overlaps the {kind} one at "
                    f"{other.start}"
                )
        seen[patch.case].append((patch, "chosen"))
    return chosen


def _patch(item: object, info: PoolInfo, part: str) -> Patch:
    if not isinstance(item, Patch):
        raise MethodError(f"{part} returned {type(item).__name__} in its list, it must hold Patch")
    if item.case not in info.shapes:
        raise MethodError(
            f"{part} returned a patch in '{item.case}', which isn't a case of the pool"
        )
    shape = info.shapes[item.case]
    expected = clip_size(info.patch_size, shape)
    patch = Patch(item.case, _whole(item, item.start), _whole(item, item.size))
    where = f"{patch.case}: the patch at {patch.start}"
    if patch.size != expected:
        raise MethodError(f"{where} has size {patch.size} instead of {expected}")
    if not patch.inside(shape):
        raise MethodError(f"{where} of size {patch.size} leaves the image of shape {shape}")
    return patch


def _whole(item: Patch, values: Sequence[object]) -> Triple:
    """Three plain integers; NumPy's integers are accepted, floats aren't."""
    try:
        z, y, x = (operator.index(value) for value in values)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise MethodError(
            f"{item.case}: start {item.start} and size {item.size} must be three integers each"
        ) from error
    return z, y, x
