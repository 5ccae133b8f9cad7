"""Tables of work: durable runs, drafts, questions, the outbox, what happened and what it cost."""

import sqlalchemy as sa

from desk.store.columns import flag, json, key, metadata, number, real, ref, text, time

runs = sa.Table(
    "runs",
    metadata,
    key(),
    text("kind"),
    ref("thread_id", "threads.id", required=False, index=True),
    number("message_id", None),
    ref("parent_id", "runs.id", required=False),
    text("branch"),
    text("state", "queued"),
    text("step"),
    number("attempt"),
    flag("urgent"),
    time("run_at", required=True),
    time("first_at", required=True),
    text("lease_token", None),
    time("lease_until"),
    text("coalesce_key", None, unique=True),
    json("data"),
    text("last_error"),
    time("created_at"),
    time("ended_at"),
    sa.UniqueConstraint("parent_id", "branch"),
)
_open = runs.c.state.in_(["queued", "running"])
sa.Index("ix_runs_ready", runs.c.run_at, sqlite_where=_open, postgresql_where=_open)

run_steps = sa.Table(
    "run_steps",
    metadata,
    sa.Column("run_id", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("step", sa.Text, primary_key=True),
    number("position"),
    json("output"),
    real("ms"),
    number("attempt"),
    text("model"),
    text("prompt_version"),
    number("tokens_in"),
    number("tokens_evaluated"),
    number("tokens_out"),
    time("started_at"),
    time("finished_at"),
)

drafts = sa.Table(
    "drafts",
    metadata,
    key(),
    ref("thread_id", "threads.id"),
    number("version"),
    number("message_id", None),
    number("run_id", None),
    text("state", "offered"),
    text("subject"),
    text("body"),
    text("language"),
    text("register"),
    text("written_by"),
    real("confidence"),
    json("sources"),
    json("claims"),
    json("gates"),
    json("notes"),
    json("plan"),
    json("to_addrs"),
    json("cc_addrs"),
    json("attachments"),
    text("model"),
    text("prompt_version"),
    text("instruction"),
    text("created_by"),
    time("created_at", required=True),
    text("reject_reason"),
    text("reject_text"),
    sa.UniqueConstraint("thread_id", "version"),
)

planned_actions = sa.Table(
    "actions",
    metadata,
    key(),
    ref("thread_id", "threads.id", index=True),
    number("run_id", None),
    number("draft_id", None),
    text("kind"),
    text("detail"),
    json("data"),
    text("state", "planned"),
    text("idempotency_key", None, unique=True),
    text("decided_by"),
    time("decided_at"),
)

questions = sa.Table(
    "questions",
    metadata,
    key(),
    ref("thread_id", "threads.id", index=True),
    number("run_id", None),
    text("text"),
    json("options"),
    text("answer", None),
    text("answered_by"),
    time("asked_at", required=True),
    time("answered_at"),
)

commitments = sa.Table(
    "commitments",
    metadata,
    key(),
    ref("thread_id", "threads.id", index=True),
    ref("message_id", "messages.id", index=True),
    text("text"),
    time("said_at", required=True),
    text("due_on"),
    flag("by_mail"),
    flag("told"),
    text("state", "open"),
    text("decided_by"),
    time("decided_at"),
)

outbox = sa.Table(
    "outbox",
    metadata,
    key(),
    ref("thread_id", "threads.id", required=False, index=True),
    ref("mailbox_id", "mailboxes.id"),
    ref("draft_id", "drafts.id", required=False),
    number("draft_version"),
    text("state", "held"),
    text("phase"),
    text("message_id", unique=True),
    text("sender"),
    json("recipients"),
    text("subject"),
    text("body"),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    json("answers"),
    time("inbound_at"),
    time("not_before", required=True),
    text("boot"),
    real("hold_over", None),
    number("attempt"),
    text("lease_token", None),
    time("lease_until"),
    text("approved_by"),
    time("approved_at", required=True),
    flag("by_rule"),
    json("warnings"),
    text("reply"),
    text("error"),
    time("sent_at"),
    time("filed_at"),
    text("filed_as"),
    text("bounced"),
    time("updated_at"),
    sa.CheckConstraint("phase IN ('', 'claimed', 'data', 'accepted')", name="outbox_phase"),
)
_live = outbox.c.state != "cancelled"
sa.Index(
    "uq_outbox_draft",
    outbox.c.draft_id,
    outbox.c.draft_version,
    unique=True,
    sqlite_where=_live,
    postgresql_where=_live,
)
_waiting = outbox.c.state.in_(["held", "queued", "retry", "sending", "in_doubt"])
sa.Index("ix_outbox_open", outbox.c.not_before, sqlite_where=_waiting, postgresql_where=_waiting)

events = sa.Table(
    "events",
    metadata,
    key(),
    time("at", required=True),
    text("kind"),
    text("actor"),
    text("text"),
    ref("thread_id", "threads.id", required=False, index=True),
    number("message_id", None),
    json("data"),
)

audit = sa.Table(
    "audit",
    metadata,
    key(),
    time("at", required=True),
    text("actor"),
    text("action"),
    text("target"),
    json("data"),
    text("previous"),
    text("hash", unique=True),
)

ledger = sa.Table(
    "ledger",
    metadata,
    key(),
    ref("thread_id", "threads.id"),
    text("period"),
    text("channel"),
    text("answered_by"),
    real("model_seconds"),
    number("tokens"),
    time("at", required=True),
    sa.UniqueConstraint("thread_id", "period"),
)

feedback = sa.Table(
    "feedback",
    metadata,
    key(),
    ref("thread_id", "threads.id", index=True),
    ref("draft_id", "drafts.id", required=False),
    text("agent"),
    text("verdict"),
    text("reason"),
    text("text"),
    text("before"),
    text("after"),
    time("at", required=True),
)

streams = sa.Table(
    "streams",
    metadata,
    sa.Column("thread_id", sa.ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True),
    text("text"),
    time("at"),
)

worker_status = sa.Table(
    "worker_status",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    text("state"),
    text("detail"),
    number("pid", None),
    time("at", required=True),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    text("token"),
    text("owner"),
    time("until", required=True),
)

counters = sa.Table("counters", metadata, sa.Column("name", sa.Text, primary_key=True), number("value"))

settings = sa.Table("settings", metadata, sa.Column("name", sa.Text, primary_key=True), json("value"))
