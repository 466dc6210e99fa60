"""Whether a run's outputs are what their steps wrote, and hang together from the start on."""
