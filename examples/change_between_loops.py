"""Where the ensemble changed its prediction since the loop before."""

import torch

from nnactive.methods import Candidate, PoolView, QueryMethod, entropy


class ChangeBetweenLoops(QueryMethod):
    """Change of the mean prediction since the previous loop; in loop 1 its entropy."""

    name = "change_between_loops"
    needs = frozenset({"mean", "history"})

    def candidates(self, pool: PoolView, case: str) -> list[Candidate]:
        """The best of one image's positions, as every method finds them."""
        score, taken = change(pool, case), pool.labelled_in(case)
        limit, rng = self.limit(pool), pool.rng("noise", case)
        return self.best_of_image(score, pool, case, taken, limit, rng)


def change(pool: PoolView, case: str) -> torch.Tensor:
    """Total variation between the predictions of the last two ensembles, ``(Z, Y, X)``."""
    now = pool.predict(case).mean
    if pool.loop == 1:
        return entropy(now)
    total = torch.zeros_like(now[0])
    for of_class, before in zip(now, pool.history[-2].predict(case).mean, strict=True):
        total += (of_class - before).abs()
    return total / 2
