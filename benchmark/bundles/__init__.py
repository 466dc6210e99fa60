"""Bundles: submissions to the public board; written, verified, reproduced."""
