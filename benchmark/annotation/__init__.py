"""Annotate for real: the benchmark's loop on a folder of images, with a person who labels."""
