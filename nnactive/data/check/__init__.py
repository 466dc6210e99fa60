"""What is wrong or odd with a dataset as a whole: facts of each case, and findings about them."""
