"""What is wrong with a label file."""

from nnactive.errors import UserError


class WrongLabelsError(UserError):
    """A file that isn't imported: cause; way out. Whoever reports it names the file."""
