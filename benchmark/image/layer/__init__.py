"""Installing the requirements of a submission into a layer on the image."""
