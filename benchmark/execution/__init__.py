"""One job on one machine: its lease, GPU, log, limits and end."""
