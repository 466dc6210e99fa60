"""Compare a bundle with what is at hand: prepared datasets, random streams, baselines."""
