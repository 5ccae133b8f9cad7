"""One tree of errors. Every message says what happened; `fix` says what to do next."""


class DeskError(Exception):
    """Anything desk tells a person. `str()` gives both sentences."""

    exit_code = 1

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.what} {self.fix}".strip()


class ConfigError(DeskError):
    """The configuration can't be used as it stands."""

    exit_code = 2


class MailError(DeskError):
    """A mail server or message can't be worked with."""


class AuthError(MailError):
    """A server refused the account."""


class SendError(MailError):
    """A message was not accepted. `permanent` says whether trying again can help."""

    def __init__(self, what: str, fix: str = "", *, permanent: bool = False, reply: str = "") -> None:
        super().__init__(what, fix)
        self.permanent = permanent
        self.reply = reply


class ModelError(DeskError):
    """A model can't be loaded, or failed while working."""


class Cancelled(DeskError):
    """The work was stopped on request."""


class KnowledgeError(DeskError):
    """The search index or an article can't be used."""


class StoreError(DeskError):
    """The database can't be opened or is not what was expected."""


class Conflict(DeskError):
    """Somebody else was first: the row changed since it was read. Nothing was written."""


class Refused(DeskError):
    """An action that is not allowed here and now, with the reason."""
