"""The kinds of errors, kept apart: of the client, of the adapter, of the kit, of the setup."""

from __future__ import annotations


class Trouble(Exception):
    """Something other than a broken law. `kind` names who has to look at it."""

    kind = "kit"

    def __init__(self, message: str, *, stderr: str = "") -> None:
        super().__init__(message)
        self.stderr = stderr


class ClientTrouble(Trouble):
    """The client under test crashed, hung or ended: a failure of the case."""

    kind = "client"


class Hung(ClientTrouble):
    """The client gave no answer before the deadline and was killed."""


class AdapterTrouble(Trouble):
    """The adapter broke the protocol: garbage on stdout, a wrong id, a second reply, an invalid message."""

    kind = "adapter"


class KitTrouble(Trouble):
    """The kit or the fake gateway broke its own promises; never the client's fault."""

    kind = "kit"


class SetupTrouble(Trouble):
    """The client could not be started or described, or a file given to the kit is wrong."""

    kind = "set-up"


class ForeignServer(Trouble):
    """A server answers whatever it is asked with one code: it is no close of Huifu's, or not for this merchant."""

    kind = "set-up"


class Gone(Trouble):
    """The client was restarted as often as allowed; what is left is not run."""

    kind = "client"
