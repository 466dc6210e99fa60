"""How good a segmentation is beyond its voxels: surfaces, and how far its probabilities hold."""
