"""Whether this machine can do a run: findings, a line each, and the first that would fail it."""
