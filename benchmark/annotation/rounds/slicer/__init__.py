"""3D Slicer: a segmentation with names and colours, a box, and a scene that opens them."""
