"""The one kind of error that a person can mend; everything else is a bug and rises."""


class UserError(Exception):
    """Bad input, told in one sentence that names the file, and a hint that says what to do next.

    Shown as it stands, in the window and in the terminal, without a traceback.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()
