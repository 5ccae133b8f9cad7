"""What stands around a desk under test: the time, what is composed, what the gates say, one ticket."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from records import NOW

from desk.domain.mail import Outgoing
from desk.domain.sending import ReleaseCheck, ReplyRequest
from desk.domain.ticket import Gate


@dataclass
class World:
    """What stands around the desk: the time, what is composed, what the gates say."""

    now: datetime = NOW
    recipients: tuple[str, ...] = ("anna@example.org",)
    gates: tuple[Gate, ...] = ()
    composed: list[ReplyRequest] = field(default_factory=list)
    checked: list[ReleaseCheck] = field(default_factory=list)

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def compose(self, request: ReplyRequest) -> Outgoing:
        self.composed.append(request)
        name = f"<desk-{len(self.composed)}@shop.example>"
        raw = f"Message-ID: {name}\nTo: {', '.join(self.recipients)}\n\n{request.body}".encode()
        return Outgoing(raw, name, "help@shop.example", (*self.recipients, *request.cc), request.subject or "Re:")

    def check(self, what: ReleaseCheck) -> tuple[Gate, ...]:
        self.checked.append(what)
        return self.gates


@dataclass
class Ticket:
    """One ticket in review, with a finished run and a draft on offer."""

    id: int
    message: int
    draft: int
    run: int
