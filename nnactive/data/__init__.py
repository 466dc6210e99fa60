"""Datasets: from a card and a raw folder to a prepared dataset that runs read from."""
