"""Prediction with trained networks: members, their ensemble, and features of patches."""
