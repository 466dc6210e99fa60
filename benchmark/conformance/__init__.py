"""Conformance: a query method's class on small synthetic pools, before anything is trained."""
