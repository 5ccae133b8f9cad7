"""Nothing but the second door leads to SMTP, and what the door is told about a text is what stands in the store."""

import ast
from pathlib import Path

from desks import Ticket
from records import NOW

from desk.actions.answer import release_check
from desk.actions.desk import Desk
from desk.cli import rooms
from desk.domain.mail import Outgoing
from desk.store import drafts, messages, people

ROOT = Path(__file__).resolve().parents[2] / "desk"


def named(words: set[str]) -> set[str]:
    """The files whose code names one of these, as an attribute or an import."""
    found = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import | ast.ImportFrom):
                module = node.module if isinstance(node, ast.ImportFrom) else ""
                names = [f"{module}.{a.name}".lstrip(".") for a in node.names] + [a.name for a in node.names]
            elif isinstance(node, ast.Attribute):
                names = [ast.unparse(node)]
            if words & set(names):
                found.add(path.relative_to(ROOT).as_posix())
    return found


def calls(path: str) -> set[str]:
    """Names of the methods that a file calls."""
    tree = ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
    return {n.func.attr for n in tree if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}


def test_only_the_transport_and_the_doctor_know_smtp() -> None:
    assert named({"desk.mail.smtp"}) == {"cli/rooms.py", "mail/check.py"}
    talking = named({"aiosmtplib", "smtplib"})
    handing_over = {path for path in talking if calls(path) & {"rcpt", "data", "sendmail", "send_message"}}
    assert handing_over == {"mail/smtp.py"}


def test_only_the_send_worker_passes_the_door() -> None:
    assert named({"door.release", "outbox.release", "desk.actions.outbox.release"}) == {"workers/send.py"}


def test_another_customers_address_and_a_missing_file_stop_at_the_door(desk: Desk, ticket: Ticket) -> None:
    with desk.db.write() as tx:
        people.contact_of(tx, "zoe@else.example", at=NOW)
    draft = desk.db.get(drafts.one(ticket.draft))
    rows = desk.db.get(messages.of_thread(ticket.id))
    assert draft is not None

    def failing(body: str, raw: bytes = b"") -> dict[str, str]:
        out = Outgoing(raw, "m@shop.example", "help@shop.example", (rows[0].from_addr,), "Label")
        seen = release_check(desk, out, body, draft, rows, by_rule=False)
        return {g.name: g.reason for g in rooms.check(seen) if not g.passed}

    assert failing("Ask ZOE@else.example about it.")["addresses"] == "zoe@else.example belongs to another customer."
    assert "attachment" in failing("I have attached the label.")
    with_file = b"\r\nContent-Disposition: attachment; filename=label.pdf\r\n"
    assert "attachment" not in failing("I have attached the label.", with_file)
