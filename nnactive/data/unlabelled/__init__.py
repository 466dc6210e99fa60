"""Images without labels: found, looked at, prepared; where a prepared voxel lies in its image."""
