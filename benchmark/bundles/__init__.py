"""Bundles: what is handed in for the public board; written, verified, reproduced."""
