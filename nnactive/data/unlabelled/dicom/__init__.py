"""DICOM series: the slices of a folder, and the grid that they make up."""
