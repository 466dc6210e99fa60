"""What a single result says beyond voxels: surfaces, calibration."""
