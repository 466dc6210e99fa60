"""The networks that nnU-Net plans: what one costs, and the plan of an unprepared dataset."""
