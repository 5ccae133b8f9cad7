"""A folder whose messages got other numbers (RFC 3501, UIDVALIDITY): stored ones are found again without their bytes."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from desk.store.tables import messages

m = messages.c


def renumber(
    tx: Connection, mailbox_id: int, folder: str, uidvalidity: int, lies: Sequence[tuple[int, str, int]]
) -> set[int]:
    """Give stored messages their new places. `lies` holds (UID, Message-ID, bytes) of what lies in the folder now; returns
    the UIDs of those that are stored. Messages that look alike are left to the comparison of their bytes."""
    here = sa.select(m.id, m.uidvalidity, m.uid, m.message_id, m.size).where(
        m.mailbox_id == mailbox_id, m.folder == folder
    )
    named = tx.execute(here.where(m.message_id.in_({name for _, name, _ in lies if name}))).all()
    numbered = tx.execute(here.where(m.uidvalidity == uidvalidity, m.uid.in_([uid for uid, _, _ in lies]))).all()
    placed = {(r[2], r[3], r[4]) for r in numbered}
    found = {x[0] for x in lies if x[1] and tuple(x) in placed}
    new: dict[tuple[str, int], list[int]] = {}
    for uid, name, size in lies:
        if uid not in found:
            new.setdefault((name, size), []).append(uid)
    old: dict[tuple[str, int], list[int]] = {}
    for row in named:
        if row[1] != uidvalidity:
            old.setdefault((row[3], row[4]), []).append(row[0])
    moves = {uids[0]: old[key][0] for key, uids in new.items() if len(uids) == len(old.get(key, ())) == 1}
    if displaced := [r[0] for r in numbered if r[2] in moves]:
        tx.execute(messages.update().where(m.id.in_(displaced)).values(uidvalidity=None, uid=None))
    if moves:
        tx.execute(_MOVE, [{"row": row, "validity": uidvalidity, "number": uid} for uid, row in moves.items()])
    return found | set(moves)


_MOVE = (
    messages.update()
    .where(m.id == sa.bindparam("row"))
    .values(uidvalidity=sa.bindparam("validity"), uid=sa.bindparam("number"))
)
