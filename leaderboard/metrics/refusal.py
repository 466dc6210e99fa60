"""What a metric says when there is no answer."""


class NoAnswerError(ValueError):
    """A metric that is not defined for its input; the text is the reason that the page shows."""
