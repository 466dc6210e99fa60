"""What a run will cost before it starts: trainings, time, memory and disk."""
