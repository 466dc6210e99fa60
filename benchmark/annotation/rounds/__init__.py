"""A round's folder: what a person opens, labels and saves."""
