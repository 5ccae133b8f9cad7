"""What the right-hand panes hold: loaded whole, so that a half-loaded ticket is never acted on."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from desk.domain.answering import Recipients, recipients
from desk.ui.reads import Reads

if TYPE_CHECKING:
    from desk.domain.guarded import Evidence
    from desk.domain.ticket import Article
    from desk.store.changes import EventRow
    from desk.store.commitments import CommitmentRow
    from desk.store.drafts import DraftRow, QuestionRow
    from desk.store.gaps import GapRow
    from desk.store.messages import MessageRow
    from desk.store.outbox import OutboxRow
    from desk.store.plans import PlanRow
    from desk.store.proposals import ProposalRow
    from desk.store.threads import ThreadDetail
    from desk.ui.panes.knowing import Known


@dataclass(slots=True)
class Opened:
    """The item under the cursor and everything the right-hand panes and the commands need of it."""

    pane: str = ""
    id: int | None = None
    thread: "ThreadDetail | None" = None
    messages: "list[MessageRow]" = field(default_factory=list)
    draft: "DraftRow | None" = None
    streaming: str = ""
    questions: "list[QuestionRow]" = field(default_factory=list)
    plan: "list[PlanRow]" = field(default_factory=list)
    outgoing: "OutboxRow | None" = None
    stopped: "MessageRow | None" = None
    evidence: "list[Evidence]" = field(default_factory=list)
    promised: "list[CommitmentRow]" = field(default_factory=list)
    """What we promised in the ticket and have not done yet."""
    known: "Known | None" = None
    proposal: "ProposalRow | None" = None
    gap: "GapRow | None" = None
    in_use: "Article | None" = None
    """What the proposal would replace."""
    event: "EventRow | None" = None
    tier: str = ""
    tokens: int = 0
    dropped: tuple[str, ...] = ()
    """What did not fit into the draft's context, in words."""
    folds: set[int] = field(default_factory=set)
    """Messages whose quotes are unfolded."""

    @property
    def thread_id(self) -> int | None:
        """The ticket on the screen, whatever pane it was opened from."""
        return self.thread.row.id if self.thread else None

    @property
    def last_inbound(self) -> "MessageRow | None":
        """The newest message from outside: the one a reply answers."""
        return next((m for m in reversed(self.messages) if m.direction == "inbound"), None)

    def goes_to(self, own: Collection[str]) -> "Recipients | None":
        """To whom the draft goes as it stands; `own` are the addresses of its mailbox. None where nothing is answered."""
        draft = self.draft
        if draft is None:
            return None
        if draft.to:
            return Recipients(draft.to, draft.cc, ())
        named = self.named(own)
        return replace(named, cc=tuple(dict.fromkeys((*named.cc, *draft.cc))))

    def named(self, own: Collection[str]) -> Recipients:
        """Whom the message that is answered names; the contact where nothing is."""
        wanted = self.draft.message_id if self.draft is not None else None
        answered = next((m for m in self.messages if m.id == wanted), None) or self.last_inbound
        if answered is None:
            return Recipients((self.thread.row.contact_addr,) if self.thread else (), (), ())
        return recipients(answered.from_addr, answered.reply_to, answered.to, answered.cc, own)

    @property
    def key(self) -> tuple[str, int | None]:
        """What is shown, for keeping its place."""
        return ("thread", self.thread_id) if self.thread and not self.stopped else (self.pane, self.id)


async def load(database: Reads, pane: str, id: int | None, row: Any, me: str) -> Opened:
    """Everything about the item `id` of a pane; `row` is the list's own row of it."""
    opened = Opened(pane, id)
    if id is None:
        return opened
    if pane == "knowledge":
        from desk.store.gaps import GapRow
        from desk.store.proposals import ProposalRow

        opened.gap = row if isinstance(row, GapRow) else None
        opened.proposal = row if isinstance(row, ProposalRow) else None
        opened.known = row if opened.gap is None and opened.proposal is None else None
        if opened.proposal is not None and opened.proposal.article_id:
            from desk.store import articles

            replaced = await database.get(articles.one(opened.proposal.article_id))
            opened.in_use = replaced.article if replaced else None
        return opened
    thread_id: int | None = id
    if pane == "outbox":
        from desk.store import outbox

        opened.outgoing = await database.get(outbox.one(id))
        thread_id = opened.outgoing.thread_id if opened.outgoing else None
    elif pane == "quarantine":
        await _stopped(database, opened, id)
        thread_id = opened.stopped.thread_id if opened.stopped else None
    elif pane == "activity":
        opened.event = row
        thread_id = row.thread_id if row is not None else None
    if thread_id is not None:
        await _thread(database, opened, thread_id, me)
    return opened


async def _stopped(database: Reads, opened: Opened, message_id: int) -> None:
    from desk.store import messages, quarantine

    opened.stopped = await database.get(messages.one(message_id))
    opened.evidence = await database.get(quarantine.evidence(message_id))


async def _thread(database: Reads, opened: Opened, thread_id: int, me: str) -> None:
    from desk.store import changes, commitments, drafts, jobs, messages, plans, threads

    opened.thread = await database.get(threads.one(thread_id, me))
    if opened.thread is None:
        return
    opened.messages = await database.get(messages.of_thread(thread_id))
    opened.promised = await database.get(commitments.open_in(thread_id))
    opened.draft = await database.get(drafts.current(thread_id))
    opened.plan = await database.get(plans.of_thread(thread_id))
    if opened.draft is None and opened.thread.row.step:
        opened.streaming = await database.get(changes.streaming(thread_id))
    if opened.thread.row.question_count:
        questions = await database.get(drafts.questions_of(thread_id))
        opened.questions = [q for q in questions if q.answer is None]
    if opened.draft is not None and opened.draft.run_id is not None:
        steps = await database.get(jobs.steps(opened.draft.run_id))
        note = next((s.output for s in steps if s.step == "context"), {})
        opened.tier, opened.tokens, opened.dropped = _tier(note)


def _tier(output: dict[str, Any]) -> tuple[str, int, tuple[str, ...]]:
    """The context tier, its tokens and what was dropped, wherever the step put its note."""
    for part in (output, *(v for v in output.values() if isinstance(v, dict))):
        if "tier" in part:
            return str(part["tier"]), int(part.get("tokens") or 0), tuple(map(str, part.get("dropped") or ()))
    return "", 0, ()
