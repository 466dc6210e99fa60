"""What a track's own methods are expected to reach, and whether a run did."""
