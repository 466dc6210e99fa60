"""Commands that reproduce an entry, and measure how far two trainings differ."""
