"""What all pictures are drawn with: windows, colours, contours, letters of the body's sides."""
