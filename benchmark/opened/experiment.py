"""One experiment of an opened run."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import layout
from benchmark.collect import finished_loops, loop_result
from benchmark.layout import Experiment
from benchmark.opened.frames import cases_frame, curves_frame, patches_frame
from benchmark.opened.onlooker import onlooker
from benchmark.replay.find import Moment, find_moment
from benchmark.results import ExperimentResult, LoopResult, load_result
from benchmark.steps import Target
from benchmark.submission.method_class import as_query
from benchmark.submission.method_string import Method
from benchmark.submission.spec import load_method, make
from benchmark.workflow.datasets import dataset_folder
from nnactive.data.prepared import PreparedDataset, PreparedInfo
from nnactive.devices import AUTO
from nnactive.errors import UserError
from nnactive.geometry import Patch
from nnactive.io.files import read_model
from nnactive.io.queries import Query, load_patches, load_query
from nnactive.pool.view import PoolView
from nnactive.query.prediction import Need
from nnactive.settings import Setting

if TYPE_CHECKING:
    import pandas as pd

    from nnactive.methods import QueryMethod

EVERYTHING = frozenset(Need) - {Need.HISTORY}
"""Needs that cost little before they are used; earlier loops' ensembles may be gone."""


class OpenedExperiment:
    """Setting x method x seed of a run, finished or not: reads its files when asked."""

    def __init__(self, root: Path, experiment: Experiment, data: Path) -> None:
        """Open an experiment.

        Args:
            root: the track's folder.
            experiment: setting, method and seed.
            data: folder of the prepared datasets.
        """
        self.experiment = experiment
        self._root = root
        self._data = data

    def __repr__(self) -> str:
        return f"<{self.experiment}: {self.finished} of {self.setting.loops} loops finished>"

    @property
    def setting(self) -> Setting:
        """Dataset, patch size, budget, training."""
        return read_model(self._root / layout.setting_file(self.experiment.setting), Setting)

    @property
    def finished(self) -> int:
        """Number of loops that are trained and evaluated."""
        return finished_loops(self._root, self.setting, self.experiment)

    @property
    def result(self) -> ExperimentResult:
        """The result, with the method's record, the environment and the costs of all steps.

        Raises:
            UserError: if the experiment isn't finished.
        """
        file = self._root / layout.result_file(self.experiment)
        if not file.is_file():
            raise UserError(
                f"{self.experiment}: has no result yet, {self.finished} of {self.setting.loops} "
                "loops are finished; continue the run"
            )
        return load_result(file)

    @property
    def patches(self) -> "pd.DataFrame":
        """All patches chosen so far, one a row: loop, number, case, start and size in voxels."""
        return patches_frame(self._queries())

    @property
    def curves(self) -> "pd.DataFrame":
        """The learning curve, one row a loop: labelled patches, voxels and effort, Dice."""
        return curves_frame(self._loops(), self._info.classes[1:])

    @property
    def cases(self) -> "pd.DataFrame":
        """Dice of each test case and class after each loop, one a row."""
        names = tuple(case.id for case in self._info.test)
        return cases_frame(self._loops(), self._info.classes[1:], names)

    @property
    def method(self) -> "QueryMethod":
        """The method, with its parameters; a submitted one from its frozen copy."""
        return load_method(self._root / layout.spec_file(self.experiment.method))

    def chosen(self, loop: int) -> list[Patch]:
        """Patches that a loop added, in the order of their choice; loop 0: the starting budget.

        Raises:
            UserError: if the loop's query isn't made yet.
        """
        file = self._root / layout.query_file(self.experiment, loop)
        if not file.is_file():
            known = [query.loop for query in self._queries()]
            raise UserError(
                f"{self.experiment}: loop {loop} has no patches; those with patches: {known}"
            )
        return load_patches([file])

    def pool(
        self,
        loop: int,
        *,
        needs: Iterable[str] = EVERYTHING,
        oracle: bool = False,
        device: str = AUTO,
        workers: int = 1,
    ) -> PoolView:
        """The pool as the query of a loop saw it: images, labels so far, the ensemble before it.

        Its random streams are those of the experiment's method, so that ``method.query(pool, n)``
        chooses what the run did.

        Args:
            loop: number of the query, from 1; the loop before must be trained.
            needs: what is asked of the ensemble, as in a method's ``needs``; ``history`` only if it
                is named; with ``()`` no network is loaded.
            oracle: whether ``pool.oracle`` gives the complete label maps.
            device: where to predict.
            workers: images that ``pool.map`` works on at the same time.

        Raises:
            UserError: if there is no such loop, the loop before isn't trained, or the dataset
                isn't there or not the run's.
        """
        from nnactive.steps.query import open_pool

        inputs = self._moment(loop).inputs(onlooker(needs, oracle=oracle), self.experiment.method)
        return open_pool(inputs, device, workers=workers).view()

    def ask(
        self, method: str, loop: int, *, device: str = AUTO, workers: int = 1
    ) -> "tuple[QueryMethod, PoolView]":
        """A METHOD, and the pool as its query of a loop would see it, with its needs and files.

        ``method.query(pool, n)`` chooses what `replay` shows of it.

        Args:
            method: ``path/to/file.py:Class``, ``path/to/folder:Class`` or a name, with parameters.
            loop: number of the query, from 1; the loop before must be trained.
            device: where to predict.
            workers: images that ``pool.map`` works on at the same time.

        Raises:
            UserError: if it isn't a query method, or as for `pool`.
        """
        from nnactive.steps.query import open_pool

        spec, made = make(Method.parse(method))
        found = as_query(made, method)
        inputs = self._moment(loop).inputs(found, spec.record.id)
        return found, open_pool(inputs, device, workers=workers).view()

    def _moment(self, loop: int) -> Moment:
        setting, method, seed = self.experiment
        folder = self._root / setting / method / f"seed_{seed}"
        return find_moment(str(folder), loop, data=self._data, runs=self._root.parent)

    @property
    def _info(self) -> PreparedInfo:
        return PreparedDataset(self._folder).info

    @property
    def _folder(self) -> Path:
        return dataset_folder(self.setting.dataset, self._data, self._root.parent)

    def _queries(self) -> list[Query]:
        files = (
            self._root / layout.query_file(self.experiment, loop)
            for loop in range(self.setting.loops)
        )
        return [load_query(file) for file in files if file.is_file()]

    def _loops(self) -> tuple[LoopResult, ...]:
        setting, experiment = self.setting, self.experiment
        return tuple(
            loop_result(self._root, Target(self._folder, setting, experiment, loop))
            for loop in range(self.finished)
        )
