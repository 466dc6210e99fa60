"""The full-data reference of a reduced-cost track: trained on all labels of the pool."""
