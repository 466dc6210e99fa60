"""Which results the board believes: found, read with limits, checked, vouched for."""
