"""Vote entropy: how the ensemble's members vote on each voxel."""

import torch

from nnactive.methods import Prediction, QueryMethod


class VoteEntropy(QueryMethod):
    """Entropy of the members' votes; each votes for its most likely class."""

    name = "vote_entropy"
    reference = "Engelson & Dagan 1996, https://arxiv.org/abs/cmp-lg/9606030"
    needs = frozenset({"members"})

    def score(self, prediction: Prediction) -> torch.Tensor:
        """Entropy of the votes in nats, ``(Z, Y, X)``, from members one by one."""
        votes: list[torch.Tensor] = []
        classes = 0
        for member in prediction.members():
            classes = len(member)
            votes.append(member.argmax(0).to(torch.int16))
        score = torch.zeros(votes[0].shape, device=votes[0].device)
        for label in range(classes):
            share = torch.zeros_like(score)
            for vote in votes:
                share += vote == label
            share /= len(votes)
            score -= torch.xlogy(share, share)
        return score
