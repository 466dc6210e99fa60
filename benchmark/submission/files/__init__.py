"""What a submission consists of: found where its author has it, judged, and frozen."""
