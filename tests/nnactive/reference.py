"""Protocol section 5, implemented again for tests: slow, plain, and without the engine's code.

Every position is tried, every overlap is checked voxel by voxel, sums are exact (``math.fsum``) and
shares are fractions. A patch is ``(case, start, size)``; arrays are ``(Z, Y, X)``.
"""

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

import numpy as np

Triple = tuple[int, int, int]
Box = tuple[str, Triple, Triple]
Voxels = set[Triple]
Score = Callable[[str, int], list]
"""Voxel score of a case and stratum as nested lists; stratum 0 is the unstratified one."""


class TooFewError(Exception):
    """The query has no room in the pool."""


@dataclass(frozen=True)
class Task:
    """A query: the pool, its limits, and its source of random numbers.

    Scores that differ by at most ``tolerance`` count as equal, because the engine rounds
    differently: among such positions the first in ``told`` (the engine's answer) is chosen. With
    tolerance 0 (integer scores) ties follow the protocol alone.
    """

    shapes: dict[str, Triple]
    size: Triple
    stride: Triple
    k: int
    labelled: list[Box]
    n: int
    rng: Callable[..., np.random.Generator]
    told: tuple[Box, ...] = ()
    tolerance: float = 0.0

    def box(self, case: str, start: Triple) -> Box:
        return case, start, clipped(self.size, self.shapes[case])

    def taken(self, case: str) -> Voxels:
        return {
            v for name, start, size in self.labelled if name == case for v in inside(start, size)
        }


def clipped(size: Iterable[int], shape: Iterable[int]) -> Triple:
    z, y, x = (min(p, n) for p, n in zip(size, shape, strict=True))
    return z, y, x


@cache
def inside(start: Triple, size: Triple) -> list[Triple]:
    """Voxels of a box."""
    return [
        (z, y, x)
        for z in range(start[0], start[0] + size[0])
        for y in range(start[1], start[1] + size[1])
        for x in range(start[2], start[2] + size[2])
    ]


def all_starts(task: Task, case: str) -> list[Triple]:
    """Starts 0, s, 2s, ... <= n - p, the last axis fastest."""
    shape, size = task.shapes[case], clipped(task.size, task.shapes[case])
    axes = []
    for n, p, s in zip(shape, size, task.stride, strict=True):
        starts = [0]
        while starts[-1] + s <= n - p:
            starts.append(starts[-1] + s)
        axes.append(starts)
    return list(itertools.product(*axes))


def means_of(task: Task, case: str, score: list) -> dict[Triple, float]:
    """Mean over the patch at every start."""
    size = clipped(task.size, task.shapes[case])
    return {
        start: math.fsum(score[z][y][x] for z, y, x in inside(start, size)) / math.prod(size)
        for start in all_starts(task, case)
    }


def entropy(probabilities: Iterable[float]) -> float:
    return -math.fsum(p * math.log(p) for p in probabilities if p > 0)


def voxel_scores(kind: str, members: list[np.ndarray], stratum: int = 0) -> list:
    """Score per voxel from the members' probabilities ``(C, Z, Y, X)``, as nested lists."""
    members = [member.astype(np.float64) for member in members]
    score = np.zeros(members[0].shape[1:])
    for z, y, x in np.ndindex(*score.shape):
        each = [[float(p) for p in member[:, z, y, x]] for member in members]
        mean = [math.fsum(column) / len(each) for column in zip(*each, strict=True)]
        expected = math.fsum(entropy(p) for p in each) / len(each)
        value = {
            "predictive_entropy": entropy(mean),
            "expected_entropy": expected,
            "bald": max(0.0, entropy(mean) - expected),
        }[kind]
        score[z, y, x] = value * (mean[stratum] if stratum else 1)
    return score.tolist()


def first(task: Task, remaining: dict[Box, float]) -> Box:
    """The best box that is left; ties by case id, then start."""
    highest = max(remaining.values())
    if task.tolerance and highest not in {0, -math.inf}:  # those two are exact
        for box in task.told:
            if remaining.get(box, -math.inf) >= highest - task.tolerance:
                return box
    return min(box for box, value in remaining.items() if value == highest)


def greedy(
    task: Task, case: str, values: dict[Triple, float], taken: Voxels, limit: int
) -> dict[Box, float]:
    """The best positions one after the other; each blocks its voxels for the rest."""
    remaining = {task.box(case, start): value for start, value in values.items()}
    chosen: dict[Box, float] = {}
    while len(chosen) < limit:
        remaining = {
            box: value
            for box, value in remaining.items()
            if not any(v in taken for v in inside(box[1], box[2]))
        }
        if not remaining:
            break
        box = first(task, remaining)
        chosen[box] = remaining[box]
        taken.update(inside(box[1], box[2]))
    return chosen


def best(task: Task, candidates: dict[Box, float], n: int) -> list[Box]:
    remaining = dict(candidates)
    chosen: list[Box] = []
    while len(chosen) < n:
        if not remaining:
            raise TooFewError
        chosen.append(first(task, remaining))
        del remaining[chosen[-1]]
    return chosen


def powered(
    means: dict[Triple, float], beta: float, rng: np.random.Generator
) -> dict[Triple, float]:
    """``ln(mean) + Gumbel(0, 1/beta)``, drawn start by start."""
    if beta == math.inf:
        return means
    return {
        start: (math.log(mean) if mean > 0 else -math.inf) + rng.gumbel(0, 1 / beta)
        for start, mean in means.items()
    }


def ranked(task: Task, score: Score) -> list[Box]:
    """Methods without noise."""
    return power(task, score, math.inf)


def power(task: Task, score: Score, beta: float) -> list[Box]:
    """power_bald and power_pe."""
    found: dict[Box, float] = {}
    for case in sorted(task.shapes):
        means = means_of(task, case, score(case, 0))
        values = powered(means, beta, task.rng("noise", case))
        found |= greedy(task, case, values, task.taken(case), task.k)
    return best(task, found, task.n)


def softrank(task: Task, score: Score, beta: float) -> list[Box]:
    """softrank_bald."""
    found: dict[Box, float] = {}
    for case in sorted(task.shapes):
        means = means_of(task, case, score(case, 0))
        found |= greedy(task, case, means, task.taken(case), 2 * task.k)
    rng = task.rng("noise")
    order = best(replace(task, tolerance=0), found, len(found))
    noisy = {
        box: -math.log(rank) + (0 if beta == math.inf else rng.gumbel(0, 1 / beta))
        for rank, box in enumerate(order, start=1)
    }
    return best(task, noisy, task.n)


def shares(n: int, alpha: str, classes: int, rng: np.random.Generator) -> list[int]:
    """Patches of the unstratified score and of each foreground class."""
    balanced = math.floor(Fraction(alpha) * n)
    each, rest = divmod(balanced, classes)
    lucky = {int(i) for i in rng.choice(classes, rest, replace=False)}
    return [n - balanced, *(each + (i in lucky) for i in range(classes))]


def limits(k: int, alpha: str, classes: int) -> list[int]:
    """Candidates per image of the unstratified score and of each foreground class."""
    part = Fraction(alpha)
    own = math.floor(k * part / (classes + 1))
    return [max(1, math.floor(k * (1 - part))), *[max(1, own)] * classes]


def stratified(
    task: Task, score: Score, classes: int, alpha: str, beta: float = math.inf
) -> list[Box]:
    """cla_pe, clap_pe and clasp_pe; ``classes`` is the number of foreground classes."""
    most = limits(task.k, alpha, classes)
    found: list[dict[Box, float]] = [{} for _ in range(classes + 1)]
    for case in sorted(task.shapes):
        taken = task.taken(case)
        for stratum in task.rng("strata", case).permutation(classes + 1).tolist():
            means = means_of(task, case, score(case, stratum))
            values = powered(means, beta, task.rng("noise", case, str(stratum)))
            found[stratum] |= greedy(task, case, values, taken, most[stratum])
    wanted = shares(task.n, alpha, classes, task.rng("shares"))
    return [box for own, n in zip(found, wanted, strict=True) for box in best(task, own, n)]


def scheduled_beta(t: int, total: int, first_beta: float = 1, last_beta: float = 100) -> float:
    """``beta_0^(1 - t/T) beta_max^(t/T)``, beta_max from T on."""
    if t >= total:
        return last_beta
    return first_beta ** (1 - t / total) * last_beta ** (t / total)


def border(label: np.ndarray, value: int) -> list[Triple]:
    """Voxels of a class with a 6-neighbour of another class or outside the image."""
    found = []
    for z, y, x in np.ndindex(*label.shape):
        if label[z, y, x] != value:
            continue
        for dz, dy, dx in ((-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)):
            v = (z + dz, y + dy, x + dx)
            outside = any(i < 0 or i >= n for i, n in zip(v, label.shape, strict=True))
            if outside or label[v] != value:
                found.append((z, y, x))
                break
    return found


def at_random(task: Task, labels: dict[str, np.ndarray], random_share: Fraction) -> list[Box]:
    """random, random_fg33 and random_fg66, with the share of attempts anywhere."""
    names = sorted(task.shapes)
    waiting = [names[i] for i in task.rng("order").permutation(len(names))]
    rngs = {case: task.rng("place", case) for case in waiting}
    taken = {case: task.taken(case) for case in waiting}
    chosen: list[Box] = []
    while waiting:
        for case in list(waiting):
            kind = _kind(random_share, rngs[case])
            box = _free_place(task, case, kind, labels, taken[case], rngs[case])
            if box is not None:
                taken[case].update(inside(box[1], box[2]))
                chosen.append(box)
            elif kind == "random":
                waiting.remove(case)
            if len(chosen) == task.n:
                return chosen
    raise TooFewError


def _kind(random_share: Fraction, rng: np.random.Generator) -> str:
    whole = 2 * random_share.denominator
    drawn = Fraction(int(rng.integers(whole)), whole)
    if drawn < random_share:
        return "random"
    return "class" if drawn < (1 + random_share) / 2 else "border"


def _free_place(
    task: Task,
    case: str,
    kind: str,
    labels: dict[str, np.ndarray],
    taken: Voxels,
    rng: np.random.Generator,
) -> Box | None:
    shape, size = task.shapes[case], clipped(task.size, task.shapes[case])
    voxels: list[Triple] = []
    if kind != "random":
        present = sorted(set(labels[case].ravel().tolist()) - {0})
        if not present:
            return None
        value = rng.choice(present)
        every = [v for v in np.ndindex(*shape) if labels[case][v] == value]
        voxels = every if kind == "class" else border(labels[case], value)
    for _ in range(600):
        start = []
        middle = voxels[rng.integers(len(voxels))] if voxels else None
        for axis, (n, p) in enumerate(zip(shape, size, strict=True)):
            if middle is None:
                start.append(int(rng.integers(0, n - p, endpoint=True)))
            else:
                start.append(min(max(middle[axis] - p // 2, 0), n - p))
        z, y, x = start
        if not any(v in taken for v in inside((z, y, x), size)):
            return case, (z, y, x), size
    return None
