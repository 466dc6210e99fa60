"""Extra requirements of a submission: what it pins, and a thin layer on an image that has them."""
