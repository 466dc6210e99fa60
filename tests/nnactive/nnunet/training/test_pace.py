from nnactive.nnunet.training.pace import Pace


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def run(epoch_seconds: float, cost: float, hours: float, steps: int = 10) -> tuple[int, float]:
    """A training: checkpoints, and the longest time between two; ``steps`` an epoch."""
    clock = Clock()
    pace = Pace(0, clock)
    saves, longest, last, done = 0, 0.0, clock.time, 0
    while clock.time < 100 + hours * 3600:
        clock.time += epoch_seconds / steps
        done += 1
        if pace.due(done // steps):
            began = pace.now()
            longest, last = max(longest, clock.time - last), clock.time
            clock.time += cost
            pace.saved(done // steps, began)
            saves += 1
    return saves, longest


def test_saving_takes_two_percent_of_the_time_at_most() -> None:
    saves, longest = run(epoch_seconds=60, cost=2, hours=2)
    assert saves * 2 / 7200 <= 0.02
    assert longest <= 110


def test_cheap_checkpoints_are_saved_every_ten_seconds() -> None:
    """So that a training that is killed every 20 s still ends."""
    _, longest = run(epoch_seconds=60, cost=0.05, hours=1, steps=100)
    assert longest <= 12


def test_a_kill_loses_five_minutes_at_most() -> None:
    _, longest = run(epoch_seconds=3600, cost=60, hours=3, steps=1000)
    assert longest <= 300 + 60 + 4


def test_a_kill_loses_ten_epochs_at_most() -> None:
    """Whatever it costs."""
    clock = Clock()
    pace = Pace(3, clock)
    assert not pace.due(12)
    assert pace.due(13)
    pace.saved(13, clock.time)
    assert not pace.due(22)
    assert pace.due(23)


def test_the_end_is_saved_if_that_costs_little_of_the_time() -> None:
    clock = Clock()
    pace = Pace(0, clock)
    clock.time += 100
    assert not pace.worth(), "no checkpoint was ever needed: it was over sooner than that"
    pace.saved(1, clock.time - 1)
    assert not pace.worth()
    clock.time += 51
    assert pace.worth()
