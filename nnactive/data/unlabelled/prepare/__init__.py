"""Preparing images without labels: crop, resample, plan, normalise; can be resumed."""
