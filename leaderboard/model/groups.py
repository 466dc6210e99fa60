"""Where figures come from."""

from typing import Literal

Group = Literal["measured", "published"]
