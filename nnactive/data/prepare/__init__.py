"""From a raw dataset to a prepared one."""
