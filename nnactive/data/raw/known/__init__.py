"""Recognising a raw folder: which layout of a dataset it is, or which other dataset."""
