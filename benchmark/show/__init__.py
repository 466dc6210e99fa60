"""What `show` draws of an experiment: its queries, its predictions, a query's uncertainty."""
