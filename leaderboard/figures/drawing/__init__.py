"""What every static figure is drawn with: SVG, axes, legends, places of labels."""
