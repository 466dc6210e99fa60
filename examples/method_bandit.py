"""A bandit that learns from loop to loop which method to ask."""

import numpy as np

from nnactive.methods import BUILTIN, Patch, PoolView, QueryMethod

ARMS = ("bald", "predictive_entropy", "random")


class MethodBandit(QueryMethod):
    """UCB1 over three methods; the reward is the foreground in the patches that one chose."""

    name = "method_bandit"
    reference = "Auer et al. 2002, https://doi.org/10.1023/A:1013689704352"
    needs = frozenset().union(*(BUILTIN[arm].needs for arm in ARMS))

    def query(self, pool: PoolView, n: int) -> list[Patch]:
        """Reward the previous loop's method, then ask the one with the highest upper bound."""
        past = pool.state or {"pulls": np.zeros(len(ARMS)), "reward": np.zeros(len(ARMS))}
        pulls, reward = past["pulls"], past["reward"]
        if "arm" in past:
            reward[past["arm"]] += foreground(pool, pool.history[-1].patches)
        arm = int(upper_bounds(pulls, reward).argmax())  # ties: the first
        pulls[arm] += 1
        pool.save({"arm": arm, "pulls": pulls, "reward": reward})
        return BUILTIN[ARMS[arm]]().query(pool, n)


def upper_bounds(pulls: np.ndarray, reward: np.ndarray) -> np.ndarray:
    """Upper confidence bound of each arm's mean reward; infinite for one that wasn't pulled."""
    bounds = np.full(len(pulls), np.inf)
    used = pulls > 0
    spread = np.sqrt(2 * np.log(max(pulls.sum(), 1)) / pulls[used])
    bounds[used] = reward[used] / pulls[used] + spread
    return bounds


def foreground(pool: PoolView, patches: tuple[Patch, ...]) -> float:
    """Share of foreground in labelled patches, 0 to 1."""
    return float(np.mean([(pool.labels_in(patch) > 0).mean() for patch in patches]))
