"""Recognising a raw folder: which dataset in which layout it is, and whether names agree."""
