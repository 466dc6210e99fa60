"""A replay's boxes: what runs in them, and who starts them and believes little of what they say."""
