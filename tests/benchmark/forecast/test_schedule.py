"""The simulation of a machine, against brute force on small cases."""

import random
from itertools import permutations

import pytest

from benchmark.forecast.schedule import Task, simulate


def stepped(tasks: list[Task], cores: int, slots: int) -> float:
    """The same by looking at every whole second: durations are whole numbers."""
    ends: dict[int, int] = {}
    now = 0
    while len(ends) < len(tasks) or any(end > now for end in ends.values()):
        running = [tasks[n] for n, end in ends.items() if end > now]
        free = cores - sum(min(t.cores, cores) for t in running)
        places = slots - sum(min(t.gpu, slots) for t in running)
        for number, task in enumerate(tasks):
            ready = number not in ends and all(ends.get(n, now + 1) <= now for n in task.after)
            fits = min(task.cores, cores) <= free and min(task.gpu, slots) <= places
            if ready and fits:
                ends[number] = now + int(task.seconds)
                free -= min(task.cores, cores)
                places -= min(task.gpu, slots)
        now += 1
    return max(ends.values(), default=0)


def random_tasks(rng: random.Random, count: int) -> list[Task]:
    return [
        Task(
            seconds=rng.randint(1, 6),
            cores=rng.randint(1, 3),
            gpu=rng.randint(0, 2),
            after=tuple(sorted(rng.sample(range(n), min(n, rng.randint(0, 2))))),
        )
        for n in range(count)
    ]


@pytest.mark.parametrize("seed", range(60))
def test_it_is_what_looking_at_every_second_finds(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    tasks, slots = random_tasks(rng, rng.randint(1, 12)), rng.randint(0, 2)
    cores = rng.randint(1, 4)
    assert simulate(tasks, cores, slots).seconds == stepped(tasks, cores, slots)


@pytest.mark.parametrize("seed", range(10))
def test_it_is_never_far_from_the_best_order(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    tasks = [Task(rng.randint(1, 9)) for _ in range(6)]
    best = min(simulate(list(order), 2).seconds for order in permutations(tasks))
    found = simulate(tasks, 2).seconds
    assert best <= found <= 1.5 * best  # Graham's bound for two machines


def test_a_chain_takes_its_sum_and_independent_tasks_share_the_machine() -> None:
    chain = [Task(2), Task(3, after=(0,)), Task(4, after=(1,))]
    assert simulate(chain, 8).seconds == 9
    assert simulate([Task(2)] * 8, 4).seconds == 4
    assert simulate([Task(2, cores=2)] * 8, 4).seconds == 8
    assert simulate([], 4).seconds == 0


def test_gpus_are_shared_by_slots_and_missing_ones_ignored() -> None:
    trainings = [Task(5, gpu=1)] * 4
    assert simulate(trainings, 8, 1).seconds == 20
    assert simulate(trainings, 8, 4).seconds == 5
    assert simulate(trainings, 8, 0).seconds == 5


def test_a_task_of_more_cores_than_there_are_gets_all() -> None:
    assert simulate([Task(3, cores=16), Task(3)], 2).seconds == 6


def test_outputs_are_held_until_nothing_needs_them() -> None:
    tasks = [Task(1, held=10), Task(1, held=7, after=(0,)), Task(1, after=(1,))]
    assert simulate(tasks, 1).peak_held == 17
    assert simulate([Task(1, held=10), Task(1, after=(0,)), Task(1, held=7)], 1).peak_held == 10
