"""`verify`: what can be checked of a bundle without running anything of its author's."""
