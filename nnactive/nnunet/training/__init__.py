"""One member's training: stopped at any time, continued where it was, on any machine."""
