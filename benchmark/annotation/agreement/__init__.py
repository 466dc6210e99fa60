"""When to stop: how predictions change between rounds, and how they did on patches yet to come."""
