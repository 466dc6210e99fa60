"""Files read and written: atomically, by schema, in messages that a person reads."""
