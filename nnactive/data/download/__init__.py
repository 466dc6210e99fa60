"""From a dataset's sources to ``DATA/raw/NAME/files``: consent, transfer, sums, unpacking."""
