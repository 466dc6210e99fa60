"""The same commands inside a container: what they are handed over, and the runtimes that run it."""
