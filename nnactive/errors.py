"""The errors that a user sees: one line each, with an exit code."""


class NnactiveError(Exception):
    """A failure that is nobody's mistake; ends a command with exit code 1."""

    exit_code = 1


class UserError(NnactiveError):
    """A mistake the user can mend; ends a command with exit code 2."""

    exit_code = 2


class PredictionError(UserError):
    """An ensemble that predicts what can't be used; its members must be trained again."""


class MethodError(UserError):
    """A query method that broke its contract; its experiment fails, others go on."""
