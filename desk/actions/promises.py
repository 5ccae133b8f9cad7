"""What we promised, settled by a person."""

from functools import partial

from desk.actions.desk import Desk, Done, found, unit
from desk.store import commitments, threads


def settle(desk: Desk, commitment_id: int, state: str) -> Done:
    """Say that a promise was kept, or that it no longer holds (`commitments.KEPT`, `DROPPED`); OPEN takes that back."""
    with unit(desk, f"promise.{state}", f"promise:{commitment_id}") as u:
        row = found(u.get(commitments.one(commitment_id)), "This promise")
        commitments.settle(u.tx, commitment_id, state, was=row.state, by=desk.agent, at=u.now)
        ticket = u.thread(row.thread_id).row
        late = [one for one in u.get(commitments.open_in(row.thread_id)) if one.overdue(u.now.astimezone().date())]
        if ticket.needs.startswith(commitments.OVERDUE) and not late:
            threads.update(u.tx, row.thread_id, needs="")
        said = {commitments.KEPT: "kept", commitments.DROPPED: "no longer holds"}.get(state, "open again")
        u.note("promise.settled", f"{said}: {row.text}", row.thread_id)
    return Done(f"The promise is {said}" if state != commitments.DROPPED else "The promise no longer holds",
                partial(settle, desk, commitment_id, row.state))  # fmt: skip
