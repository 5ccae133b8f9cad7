"""A folder that was numbered anew, an import cut short, a UID given twice: nothing is lost, doubled, or made work."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from servers import ImapServer, dovecot_server, pymap_server

from desk.domain.mail import Credential
from desk.mail import answers
from desk.mail import imap as imap_module
from desk.mail.imap import ImapSource
from desk.store import messages
from desk.store.database import Database
from desk.workers.fetch import Fetcher


@pytest.fixture(params=["pymap", "dovecot"])
def server(request: pytest.FixtureRequest) -> Iterator[ImapServer]:
    with {"pymap": pymap_server, "dovecot": dovecot_server}[request.param]() as running:
        yield running


def mails(*numbers: int) -> list[bytes]:
    head = "From: c{0}@web.example\r\nTo: help@shop.example\r\nSubject: Parcel {0}\r\nMessage-ID: <{0}@x>\r\n\r\n"
    return [(head.format(n) + f"Where is parcel {n}?\r\n").encode() for n in numbers]


def fetcher(db: Database, server: ImapServer, start: str = "all") -> Fetcher:
    box = replace(server.box(), import_from=start)
    return Fetcher(db, box, lambda b: ImapSource(b, Credential.password(server.password)))


def places(db: Database) -> list[tuple[str, int, int]]:
    with db.read() as tx:
        rows = tx.execute(sa.text("SELECT message_id, uidvalidity, uid FROM messages ORDER BY id")).all()
    return [tuple(row) for row in rows]


def test_a_folder_numbered_anew_is_taken_up_without_its_bodies(
    db: Database, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.deliver(mails(1, 2, 3))
    fetch = fetcher(db, server)
    fetch.poll()
    before = places(db)
    with db.write() as tx:  # what the store would hold had the server counted otherwise until now
        tx.execute(sa.text("UPDATE messages SET uidvalidity = uidvalidity - 1, uid = uid + 70"))
        tx.execute(sa.text("UPDATE cursors SET uidvalidity = uidvalidity - 1, last_uid = 73"))
    server.deliver(mails(4))
    asked: list[int] = []
    contents = answers.contents

    def counted(client: object, uids: list[int]) -> dict[int, answers.Content]:
        asked.extend(uids)
        return contents(client, uids)

    monkeypatch.setattr(answers, "contents", counted)
    fetch.close()
    assert fetch.poll() == 1
    assert places(db)[:3] == before
    assert [p[0] for p in places(db)] == ["1@x", "2@x", "3@x", "4@x"]
    assert len(asked) == 1
    assert fetch.poll() == 0
    fetch.close()


def test_an_import_cut_short_never_becomes_work(
    db: Database, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_module, "FETCH_HISTORY", 2)
    server.deliver(mails(*range(5)))
    fetch = fetcher(db, server)
    fetch.source = source = ImapSource(fetch.box, Credential.password(server.password))
    whole = source._fetch
    left = 1

    def torn(*given: object) -> object:
        nonlocal left
        if not left:
            raise OSError("the line is gone")
        left -= 1
        return whole(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(source, "_fetch", torn)
    with pytest.raises(Exception, match="the line is gone"):
        fetch.poll()
    assert len(places(db)) == 2
    fetch.close()
    server.deliver(mails(5))
    fetch.poll()
    fetch.poll()
    rows = [db.get(messages.one(i)) for i in db.get(messages.all_ids())]
    assert [r.history for r in rows if r] == [True] * 5 + [False]
    fetch.close()


def test_a_uid_given_twice_loses_no_message(db: Database, server: ImapServer) -> None:
    server.deliver(mails(1))
    fetch = fetcher(db, server)
    fetch.poll()
    with db.write() as tx:  # an earlier message in the place that the next one will get
        tx.execute(sa.text("UPDATE messages SET uid = uid + 1"))
    server.deliver(mails(2))
    assert fetch.poll() == 1
    assert [(p[0], p[2] is None) for p in places(db)] == [("1@x", True), ("2@x", False)]
    fetch.close()
