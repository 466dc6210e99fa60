"""A track's baselines for others: start loops and results, packed, fetched, checked, in place."""
