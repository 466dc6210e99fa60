"""A run opened in Python: experiments, what they chose, the pool as their queries saw it."""
