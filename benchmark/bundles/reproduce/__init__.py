"""Reproduce an entry: train on its queries again, or let its method query again."""
