"""Names in results: visible, and not made to look like a built-in method's."""

from collections.abc import Iterator
from functools import cache, lru_cache

from benchmark.consistency.lookalikes import skeleton
from benchmark.results import ExperimentResult
from nnactive.texts import is_hidden, plain


def unfit_names(result: ExperimentResult) -> Iterator[str]:
    """Why a name of a result can't be shown: empty, invisible, or taken for another's."""
    for what, name in _names(result):
        if problem := _unseen(name):
            yield problem.format(what)
    method = result.method
    if method.origin == "submission":
        for name in (method.name, (method.start or method.id).rpartition("-")[0]):
            rival = _rival(name.partition(",")[0])
            if rival:
                yield f"the method's name '{plain(name, 40)}' looks like the built-in '{rival}'"


@lru_cache(maxsize=10_000)
def _unseen(name: str) -> str:
    """What can't be seen of a name, in words about ``{}``; results share most names."""
    if not plain(name):
        return "the {} has no name"
    return (
        "the name of the {} has characters that can't be seen" if any(map(is_hidden, name)) else ""
    )


@cache
def builtin_names() -> dict[str, str]:
    """Ids of built-in methods and starts by the skeletons of their ids and titles."""
    from nnactive.methods import BUILTIN, STARTS, TITLES

    titles = {skeleton(title): name for name, title in TITLES.items()}
    return titles | {skeleton(name): name for name in (*STARTS, *BUILTIN)}


def _rival(name: str) -> str:
    """The built-in method that a name imitates with foreign letters; empty if none.

    A plain name that is the same is shown with the method's id, and deceives nobody.
    """
    return "" if name.isascii() else builtin_names().get(skeleton(name), "")


def _names(result: ExperimentResult) -> Iterator[tuple[str, str]]:
    method, dataset, setting = result.method, result.dataset, result.setting
    yield "track", result.track
    yield "method", method.id
    yield "method", method.name
    yield "dataset", dataset.name
    yield "label regime", setting.regime
    for case in dataset.test_cases:
        yield "test case", case
    for name in dataset.classes:
        yield "class", name
    for case in dataset.pool_shapes or ():
        yield "case of the pool", case
