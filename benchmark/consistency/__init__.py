"""What one result must keep by itself, for bundles and board: counts, patches, sums, names."""
