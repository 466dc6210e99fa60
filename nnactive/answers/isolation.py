"""How a method's code is kept from what it must not see."""

from typing import Literal

Isolation = Literal["bubblewrap", "landlock", "none", "trusted"]
"""bubblewrap: in namespaces of its own, in which no secret file exists; landlock: in the container
or on the machine, but the kernel refuses it all other files; none: it could read whatever its user
can; trusted: not kept away, since it is the benchmark's own code."""
