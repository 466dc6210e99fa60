"""The same commands in a container: what they get from the host, and the images they run in."""
