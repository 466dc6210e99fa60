"""Sides of the body in an image: where its axes point, and planes as radiologists look at them."""
