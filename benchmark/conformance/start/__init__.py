"""The checks of a start method: worlds of images alone."""
