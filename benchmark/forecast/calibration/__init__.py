"""Calibration: some iterations and one prediction of a setting's network on this machine."""
