"""The end: a model that stock nnU-Net takes, predictions, the data, a report."""
