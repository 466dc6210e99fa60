"""Conformance: checks of a query method on small synthetic pools, before anything is trained."""
