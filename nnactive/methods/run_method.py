"""Running a query method: its errors become one line, its patches are checked."""

import operator
from collections.abc import Mapping, Sequence

from nnactive.errors import MethodError, NnactiveError, PredictionError
from nnactive.geometry import Patch, Triple, clip_size
from nnactive.methods.base import QueryMethod
from nnactive.query.pool import PoolView, described


def run_method(method: QueryMethod, pool: PoolView, n: int) -> list[Patch]:
    """The ``n`` patches that ``method`` chooses, in its order, checked.

    Raises:
        MethodError: if the method's code raises, or what it returns isn't exactly ``n`` patches of
            known cases and the right size, inside their images, without overlap with a labelled
            patch or one another (protocol section 5, "Common"); the author's exception is its
            cause.
        PredictionError: if the ensemble predicts what can't be used. Its message, like that of a
            MethodError, starts with the method's name.
        NnactiveError: if something else that the step handed in fails.
    """
    # Taken before the method runs, so that nothing it does to the view changes the check.
    shapes, labelled, size = dict(pool.shapes), list(pool.labelled), pool.patch_size
    try:
        return _checked(method.query(pool, n), n, shapes, size, labelled)
    except (MethodError, PredictionError) as error:
        line = " ".join(str(error).split())
        raise type(error)(f"{method.name}: {line}") from error
    except NnactiveError:
        raise
    except (Exception, SystemExit) as error:
        raise MethodError(f"{method.name}: {described(error)}") from error


def _checked(
    answer: object, n: int, shapes: Mapping[str, Triple], size: Triple, labelled: Sequence[Patch]
) -> list[Patch]:
    """The answer with plain integers in it, if it keeps the contract."""
    if not isinstance(answer, list):
        raise MethodError(f"query returned {type(answer).__name__}, it must return a list of Patch")
    chosen = [_patch(item, shapes, size) for item in answer]
    if len(chosen) != n:
        how = "few" if len(chosen) < n else "many"
        raise MethodError(f"query returned too {how} patches: {len(chosen)} instead of {n}")
    seen = {case: [(p, "labelled") for p in labelled if p.case == case] for case in shapes}
    for patch in chosen:
        for other, kind in seen[patch.case]:
            if patch.overlaps(other):
                raise MethodError(
                    f"{patch.case}: the patch at {patch.start} overlaps the {kind} one at "
                    f"{other.start}"
                )
        seen[patch.case].append((patch, "chosen"))
    return chosen


def _patch(item: object, shapes: Mapping[str, Triple], size: Triple) -> Patch:
    if not isinstance(item, Patch):
        raise MethodError(f"query returned {type(item).__name__} in its list, it must hold Patch")
    if item.case not in shapes:
        raise MethodError(f"query returned a patch in '{item.case}', which is no case of the pool")
    shape = shapes[item.case]
    expected = clip_size(size, shape)
    patch = Patch(item.case, _whole(item, item.start), _whole(item, item.size))
    where = f"{patch.case}: the patch at {patch.start}"
    if patch.size != expected:
        raise MethodError(f"{where} has size {patch.size} instead of {expected}")
    if not patch.inside(shape):
        raise MethodError(f"{where} of size {patch.size} leaves the image of shape {shape}")
    return patch


def _whole(item: Patch, values: Sequence[object]) -> Triple:
    """Three plain integers; NumPy's integers count as such, floats don't."""
    try:
        z, y, x = (operator.index(value) for value in values)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise MethodError(
            f"{item.case}: start {item.start} and size {item.size} must be three integers each"
        ) from error
    return z, y, x
