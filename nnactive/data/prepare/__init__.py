"""Preparing a dataset: convert, split, resample, plan, normalise."""
