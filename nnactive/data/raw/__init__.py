"""A raw dataset: its layout, its images, and whether they are intact."""
