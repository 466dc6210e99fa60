"""What a query method sees of the pool; where that comes from stays private."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from nnactive.errors import MethodError
from nnactive.geometry import Patch, Spacing, Triple
from nnactive.pool.guards import infrastructure, method_code, not_while_holding, read_only
from nnactive.pool.history import PastLoop
from nnactive.pool.info import PoolInfo
from nnactive.pool.network_view import NetworkView
from nnactive.pool.sources import ReadArray
from nnactive.pool.state import JsonOrArrays
from nnactive.query.map_cases import in_map, map_cases
from nnactive.query.prediction import Need, Prediction
from nnactive.streams import seed, stream

if TYPE_CHECKING:
    from nnactive.pool.torch_rng import TorchRng

T = TypeVar("T")


class Oracle:
    """Ground truth of the whole pool, for methods that declare ``oracle = True``."""

    def __init__(self, read: ReadArray) -> None:
        self._read = read

    def label(self, case: str) -> np.ndarray:
        """Complete label map of a case, ``(Z, Y, X)``, read-only."""
        return read_only(case, "label map", self._read)


class PoolView(NetworkView):
    """The pool as a query method sees it: everything but the labels outside labelled patches.

    Axis order is ``(Z, Y, X)``, sizes are in voxels; the arrays that it returns are read-only.
    """

    @property
    def info(self) -> PoolInfo:
        """All facts about the pool as one value; the properties below are its fields."""
        return self._info

    @property
    def shapes(self) -> Mapping[str, Triple]:
        """Shape of each case's image."""
        return self._info.shapes

    @property
    def spacing(self) -> Spacing:
        """Voxel size in mm."""
        return self._info.spacing

    @property
    def patch_size(self) -> Triple:
        """Query patch size, before it is clipped to an image."""
        return self._info.patch_size

    @property
    def stride(self) -> Triple:
        """Distance between neighbouring start positions."""
        return self._info.stride

    @property
    def candidates(self) -> int:
        """Patches that an image may put forward."""
        return self._info.candidates

    @property
    def loop(self) -> int:
        """Number of the loop that this query makes, from 1."""
        return self._info.loop

    @property
    def queries(self) -> int:
        """Number of queries in the whole experiment, T."""
        return self._info.queries

    @property
    def n_classes(self) -> int:
        """Number of classes, background included."""
        return self._info.n_classes

    @property
    def labelled(self) -> tuple[Patch, ...]:
        """Patches labelled so far; ``patch.loop`` is the loop that labelled it, 0 the start."""
        return self._info.labelled

    @property
    def cases(self) -> tuple[str, ...]:
        """Ids of the pool's cases, sorted."""
        return tuple(self.shapes)

    def image(self, case: str) -> np.ndarray:
        """Normalised image as the network receives it, float32 ``(C, Z, Y, X)``."""
        self.shape(case)
        return read_only(case, "image", self._sources.images)

    def labelled_in(self, case: str) -> list[Patch]:
        """Labelled patches of one case."""
        self.shape(case)
        return [patch for patch in self.labelled if patch.case == case]

    def labels_in(self, patch: Patch) -> np.ndarray:
        """Labels of a labelled patch, int16, of the patch's size.

        Raises:
            MethodError: if the patch isn't one of ``labelled``.
        """
        if patch not in self.labelled:
            raise MethodError(
                f"{patch.case}: the patch at {patch.start} isn't labelled; "
                "only the patches in pool.labelled have labels"
            )
        partial = read_only(patch.case, "labels", self._sources.partial_labels)
        labels = partial[patch.slices].copy()
        labels.flags.writeable = False
        return labels

    @property
    def history(self) -> tuple[PastLoop, ...]:
        """The loops so far, 0 to ``loop - 1``: what each labelled, what its ensemble predicts."""
        return tuple(
            PastLoop(
                loop,
                tuple(patch for patch in self.labelled if patch.loop == loop),
                partial(self._predict_past, loop),
            )
            for loop in range(self.loop)
        )

    def _predict_past(self, loop: int, case: str) -> Prediction:
        what = f"pool.history[{loop}].predict()"
        self.shape(case)
        if Need.HISTORY not in self._sources.needs:
            raise MethodError(f"{case}: {what} requires '{Need.HISTORY}' in the class's needs")
        if loop == self.loop - 1:
            return self.predict(case)
        if self._sources.history is None:
            raise MethodError(f"{case}: {what} isn't available, this pool has no earlier ensembles")
        with infrastructure(case, f"prediction of loop {loop}"):
            return self._sources.history(loop, case, self._sources.needs)

    @property
    def state(self) -> JsonOrArrays:
        """What the previous loop's query saved with `save`, a new copy each time.

        None in loop 1, and if that query saved nothing.
        """
        return self._sources.state.value()

    def save(self, value: JsonOrArrays) -> None:
        """Save a value for the next loop's query of this experiment, which finds it in `state`.

        It is kept together with this query's patches, or not at all. Saving again replaces it.

        Args:
            value: None, true, false, numbers, text, lists and dicts with text as keys, and in them
                NumPy arrays of numbers; a tuple comes back as a list. At most 64 MiB.

        Raises:
            MethodError: for anything else or a larger value, and inside the function of `map`,
                which isn't called again for cases that an interrupted query has done.
        """
        if in_map():
            raise MethodError(
                "pool.save() can't be called in pool.map's function; return the value and save it "
                "afterwards"
            )
        self._sources.state.save(value)

    def file(self, name: str) -> Path:
        """Path of the frozen, read-only copy of a file that the method's submission lists.

        Args:
            name: as under ``files:`` in its ``submission.yaml``, such as ``encoder.pt``.

        Raises:
            MethodError: if it lists no such file.
        """
        files = self._sources.files
        if name not in files:
            raise MethodError(
                f"pool.file({name!r}): submission.yaml lists no such file under files:; it lists "
                f"{', '.join(files) or 'none'}"
            )
        return files[name]

    def rng(self, purpose: str, case: str = "", stratum: str = "") -> np.random.Generator:
        """Generator for this experiment, loop, purpose, case and stratum, always from its start.

        Draws for a case from that case's stream depend neither on the order of the cases nor on
        the number of workers (protocol section 5, "Randomness").
        """
        return stream(*self._sources.names, str(purpose), str(case), str(stratum))

    def torch_rng(self, purpose: str, case: str = "") -> "TorchRng":
        """A torch generator for this experiment, loop, purpose and case, always from its start.

        It is on the CPU. Pass it as ``generator=``, or build modules inside
        ``with pool.torch_rng("init"):``, where torch draws from it by default; see `TorchRng`.
        """
        from nnactive.pool.torch_rng import TorchRng

        return TorchRng(seed(*self._sources.names, "torch", str(purpose), str(case)))

    def map(self, function: Callable[[str], T], cases: Iterable[str] | None = None) -> list[T]:
        """Results of ``function`` for each case, computed on the step's workers, in case order.

        If it raises for several cases, the first in case order is reported, with the case's name.
        Results are stored on disk until the query is done, so that an interrupted query resumes
        from them: ``function`` isn't called again for those cases, so it must return everything
        that matters. Results should be small; those that can't be pickled aren't stored.
        """
        not_while_holding("pool.map")
        chosen = list(self.cases if cases is None else cases)
        for case in chosen:
            self.shape(case)

        def named(case: str) -> T:
            with method_code(case):
                return function(case)

        return map_cases(
            named,
            chosen,
            workers=self._sources.workers,
            checkpoint=self._sources.checkpoint,
            announce=self._sources.announce,
            progress=self._sources.progress,
        )

    @property
    def oracle(self) -> Oracle:
        """Ground truth of the whole pool; every result says that the method used it.

        Raises:
            MethodError: if the method's class doesn't declare ``oracle = True``.
        """
        if self._sources.oracle_labels is None:
            raise MethodError("set oracle = True on the class to use pool.oracle")
        return Oracle(self._sources.oracle_labels)
