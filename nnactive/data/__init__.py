"""Datasets: from a card and a raw folder to the prepared dataset that runs read."""
