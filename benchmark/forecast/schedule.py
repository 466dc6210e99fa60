"""How long jobs take on one machine that starts each as soon as it fits, by simulation."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    """One job, as far as the simulation sees it."""

    seconds: float
    cores: int = 1
    gpu: int = 0
    """Slots of GPUs that it occupies."""
    after: tuple[int, ...] = ()
    """Tasks that end before it begins, by their index."""
    held: float = 0.0
    """Bytes that it leaves on the disk until all tasks that come after it have ended."""


@dataclass(frozen=True)
class Simulation:
    """What came of it."""

    seconds: float
    peak_held: float
    """Most bytes held at a time."""


class _Machine:
    """Free cores and slots, and the tasks that wait for them."""

    def __init__(self, tasks: Sequence[Task], cores: int, slots: int) -> None:
        self.tasks, self.cores, self.slots = tasks, cores, slots
        self.most, self.most_slots = cores, slots
        # One queue for each kind of demand: only the first of each can be the next to start.
        self.queues: dict[tuple[int, int], list[int]] = {}

    def demand(self, task: Task) -> tuple[int, int]:
        """Cores and slots; a task that asks for more than there is gets all, as in a run."""
        return min(task.cores, self.most), min(task.gpu, self.most_slots)

    def add(self, number: int) -> None:
        heapq.heappush(self.queues.setdefault(self.demand(self.tasks[number]), []), number)

    def next(self) -> int | None:
        """The first task in order that fits, which begins."""
        fitting = [
            queue[0]
            for (cores, slots), queue in self.queues.items()
            if queue and cores <= self.cores and slots <= self.slots
        ]
        if not fitting:
            return None
        number = min(fitting)
        demand = self.demand(self.tasks[number])
        heapq.heappop(self.queues[demand])
        self._take(demand, 1)
        return number

    def end(self, number: int) -> None:
        self._take(self.demand(self.tasks[number]), -1)

    def _take(self, demand: tuple[int, int], sign: int) -> None:
        self.cores -= sign * demand[0]
        self.slots -= sign * demand[1]


def simulate(tasks: Sequence[Task], cores: int, slots: int = 0) -> Simulation:
    """Run the tasks in their order, each as soon as what it comes after has ended and it fits.

    Args:
        tasks: in the order in which they are preferred.
        cores: of the machine.
        slots: places on its GPUs; 0: it has none, and no task occupies one.

    Returns:
        The time until the last task ends, and the most bytes that tasks held.
    """
    machine, order = _Machine(tasks, cores, slots), _Order(tasks)
    for number in order.first:
        machine.add(number)
    running: list[tuple[float, int]] = []
    now = held = peak = 0.0
    while True:
        while (fitting := machine.next()) is not None:
            heapq.heappush(running, (now + tasks[fitting].seconds, fitting))
        if not running:
            return Simulation(now, peak)
        now, ended = _next_ended(running)
        for number in ended:
            machine.end(number)
            held += tasks[number].held
            peak = max(peak, held)
            for later in order.ready_after(number):
                machine.add(later)
            held -= sum(tasks[earlier].held for earlier in order.unused_after(number))


def _next_ended(running: list[tuple[float, int]]) -> tuple[float, list[int]]:
    """When the next tasks end, and all that end then."""
    now, number = heapq.heappop(running)
    ended = [number]
    while running and running[0][0] == now:
        ended.append(heapq.heappop(running)[1])
    return now, ended


class _Order:
    """Which tasks still wait, and which are still waited for."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.tasks = tasks
        self.waiting = [len(task.after) for task in tasks]
        self.followers: list[list[int]] = [[] for _ in tasks]
        for number, task in enumerate(tasks):
            for earlier in task.after:
                self.followers[earlier].append(number)
        self.unused = [len(each) for each in self.followers]
        self.first = [number for number, count in enumerate(self.waiting) if not count]

    def ready_after(self, number: int) -> list[int]:
        """Tasks that waited for this one alone, which has ended."""
        for later in self.followers[number]:
            self.waiting[later] -= 1
        return [later for later in self.followers[number] if not self.waiting[later]]

    def unused_after(self, number: int) -> list[int]:
        """Tasks whose last follower was this one, which has ended."""
        for earlier in self.tasks[number].after:
            self.unused[earlier] -= 1
        return [earlier for earlier in self.tasks[number].after if not self.unused[earlier]]
