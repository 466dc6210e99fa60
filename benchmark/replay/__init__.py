"""What methods would query in a loop that a run has trained: `replay`; nothing is trained."""
