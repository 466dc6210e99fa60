"""A track in shards: an outer workflow that a workstation or a cluster's scheduler runs."""
