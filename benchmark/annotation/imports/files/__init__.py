"""One label file: its name, its voxels, where they lie."""
