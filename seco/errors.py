"""The one exception that users see."""


class SecoError(Exception):
    """A fault that its reader can mend.

    The message is one sentence (or a short list of them) saying what is wrong, where, and the remedy. The command
    line prints it without a traceback and exits with status 1.
    """
