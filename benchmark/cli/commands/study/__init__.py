"""Commands about a study as a whole, on one machine or a cluster: its cost, its state, its end."""
