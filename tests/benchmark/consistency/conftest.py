from dataclasses import dataclass

import pytest
from quality_standins import made_up_calibration, made_up_surfaces
from synthetic import World, results

from benchmark.results import ExperimentResult, LoopResult


@dataclass
class Changed:
    """A consistent result, of which a test changes one loop."""

    result: ExperimentResult

    def __call__(self, number: int = 1, **fields: object) -> ExperimentResult:
        """The result with other fields of surfaces, calibration or its parts in a loop."""
        loop = self.result.loops[number]
        assert loop.surfaces is not None
        assert loop.calibration is not None
        surfaces, calibration = (
            type(loop.surfaces).model_fields,
            type(loop.calibration).model_fields,
        )
        parts: dict[str, object] = {}
        own = {name: value for name, value in fields.items() if name in surfaces}
        if own:
            parts["surfaces"] = loop.surfaces.model_copy(update=own)
        bins = {
            name: getattr(loop.calibration, name).model_copy(update=value)
            for name, value in fields.items()
            if name in calibration
        }
        if bins:
            parts["calibration"] = loop.calibration.model_copy(update=bins)
        return self.with_loop(number, loop.model_copy(update=parts))

    def with_loop(self, number: int, loop: LoopResult) -> ExperimentResult:
        loops = (*self.result.loops[:number], loop, *self.result.loops[number + 1 :])
        return self.result.model_copy(update={"loops": loops})


@pytest.fixture
def changed() -> Changed:
    found = next(results(World(methods=1, settings=1, seeds=1, loops=3, cases=4)))
    loops = tuple(
        loop.model_copy(
            update={
                "surfaces": made_up_surfaces(loop.counts),
                "calibration": made_up_calibration(loop.counts),
            }
        )
        for loop in found.loops
    )
    return Changed(found.model_copy(update={"loops": loops}))
