"""Tables of mail: mailboxes, people, threads, messages and what hangs on them."""

import sqlalchemy as sa

from desk.store.columns import flag, json, key, metadata, number, real, ref, text, time, wide

mailboxes = sa.Table(
    "mailboxes",
    metadata,
    key(),
    text("name", unique=True),
    text("address"),
    text("channel", "email"),
    flag("active", True),
    time("added_at"),
)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("mailbox_id", sa.ForeignKey("mailboxes.id"), primary_key=True),
    sa.Column("folder", sa.Text, primary_key=True),
    wide("uidvalidity"),
    wide("last_uid"),
    wide("old_to"),
    time("old_before"),
    time("at"),
)

blobs = sa.Table(
    "blobs",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    number("size"),
    time("at"),
)

organisations = sa.Table(
    "organisations", metadata, key(), text("name"), text("domain", None, unique=True), text("notes")
)

contacts = sa.Table(
    "contacts",
    metadata,
    key(),
    text("name"),
    ref("organisation_id", "organisations.id", required=False),
    text("language"),
    text("notes"),
    flag("vip"),
    text("undeliverable"),
    number("merged_into", None),
    time("created_at"),
    number("version"),
)

contact_addresses = sa.Table(
    "contact_addresses",
    metadata,
    sa.Column("address", sa.Text, primary_key=True),
    ref("contact_id", "contacts.id", index=True),
    time("first_seen"),
)

agents = sa.Table(
    "agents",
    metadata,
    key(),
    text("login", unique=True),
    text("name"),
    text("role", "agent"),
    flag("active", True),
    time("seen_at"),
)

teams = sa.Table("teams", metadata, key(), text("name", unique=True), text("description"))

team_members = sa.Table(
    "team_members",
    metadata,
    sa.Column("team_id", sa.ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("agent_id", sa.ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True),
)

threads = sa.Table(
    "threads",
    metadata,
    key(),
    text("number", unique=True),
    ref("mailbox_id", "mailboxes.id"),
    ref("contact_id", "contacts.id", required=False, index=True),
    text("contact_addr"),
    text("channel", "email"),
    text("subject"),
    text("subject_key"),
    text("shelf", "desk"),
    text("status", "open"),
    text("category"),
    text("priority", "normal"),
    text("sentiment"),
    text("language"),
    text("register"),
    flag("urgent"),
    real("confidence", None),
    text("known"),
    real("answerable", None),
    text("written_by"),
    text("step"),
    text("needs"),
    flag("asks"),
    number("question_count"),
    text("assigned_to"),
    ref("team_id", "teams.id", required=False),
    time("first_message_at"),
    sa.Column("last_message_at", sa.Double, nullable=False, server_default=sa.text("0.0")),
    time("last_inbound_at"),
    time("last_outbound_at"),
    number("message_count"),
    text("snippet"),
    text("authentication"),
    flag("flagged"),
    flag("has_attachments"),
    time("snoozed_until"),
    number("merged_into", None),
    time("resolved_at"),
    time("created_at"),
    number("version"),
    sa.CheckConstraint("shelf IN ('desk', 'quarantine', 'automated', 'spam')", name="threads_shelf"),
)
_seen = (threads.c.assigned_to, threads.c.merged_into)
_order = (threads.c.last_message_at, threads.c.id)
# The lists read their ids from these alone, in order and without a look at the rows, however they are narrowed.
sa.Index(
    "ix_threads_shelf_last",
    *(threads.c.shelf, *_order, threads.c.status, *_seen),
    *(threads.c.category, threads.c.priority, threads.c.language, threads.c.mailbox_id),
)
sa.Index("ix_threads_waking", threads.c.shelf, threads.c.status, threads.c.snoozed_until, threads.c.id)
sa.Index("ix_threads_shelf_status_last", threads.c.shelf, threads.c.status, *_order, *_seen)
sa.Index(
    "ix_threads_review",
    threads.c.shelf,
    threads.c.status,
    threads.c.urgent.desc(),
    threads.c.asks.desc(),
    *_order,
)
# What a list can be narrowed to. Each index holds the others too, so that two filters that never meet are found out
# by reading one of them.
_narrowing = {
    "assigned": threads.c.assigned_to,
    "category": threads.c.category,
    "language": threads.c.language,
    "mailbox": threads.c.mailbox_id,
    "priority": threads.c.priority,
}
for _name, _first in _narrowing.items():
    _others = (c for c in _narrowing.values() if c is not _first)
    sa.Index(f"ix_threads_{_name}", _first, *_order, threads.c.shelf, threads.c.status, threads.c.merged_into, *_others)
sa.Index("ix_threads_contact_subject", threads.c.contact_addr, threads.c.subject_key, threads.c.last_message_at)
sa.Index("ix_threads_snoozed", threads.c.snoozed_until, sqlite_where=threads.c.snoozed_until.is_not(None))

messages = sa.Table(
    "messages",
    metadata,
    key(),
    ref("thread_id", "threads.id"),
    ref("mailbox_id", "mailboxes.id"),
    text("direction", "inbound"),
    text("status", "received"),
    text("folder"),
    wide("uidvalidity", None),
    wide("uid", None),
    ref("blob_hash", "blobs.hash", required=False, index=True),
    number("size"),
    text("message_id", index=True),
    text("in_reply_to"),
    json("reference_ids"),
    text("from_addr"),
    text("from_name"),
    text("reply_to"),
    json("to_addrs"),
    json("cc_addrs"),
    text("subject"),
    text("text"),
    text("reply_text"),
    time("received_at", required=True),
    time("sent_at"),
    text("auto"),
    text("auto_reason"),
    text("authentication"),
    flag("history"),
    number("run_id", None, index=True),
    json("problems"),
    sa.Column("flagged", sa.Boolean, nullable=True),
    real("score", None),
    text("attack_type"),
    real("spam", None),
    real("phishing", None),
    sa.Column("complete", sa.Boolean, nullable=True),
    text("scanner"),
    time("scanned_at"),
    text("clean_text", None),
    text("hidden_text"),
    text("visible_text"),
    flag("released"),
    sa.UniqueConstraint("mailbox_id", "folder", "uidvalidity", "uid"),
)
sa.Index("ix_messages_thread", messages.c.thread_id, messages.c.received_at, messages.c.id)
sa.Index("uq_messages_mailbox_blob", messages.c.mailbox_id, messages.c.blob_hash, unique=True)
sa.Index("ix_messages_status", messages.c.status, messages.c.id)

summaries = sa.Table(
    "summaries",
    metadata,
    sa.Column("message_id", sa.ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    text("text"),
    text("made_of"),
    time("made_at"),
)

message_ids = sa.Table(
    "message_ids",
    metadata,
    sa.Column("message_id", sa.Text, primary_key=True),
    ref("thread_id", "threads.id", index=True),
    flag("own"),
    flag("placeholder"),
)

refusals = sa.Table(
    "refusals",
    metadata,
    sa.Column("thread_id", sa.ForeignKey("threads.id"), primary_key=True),
    sa.Column("into_id", sa.ForeignKey("threads.id"), primary_key=True, index=True),
    sa.Column("sender", sa.Text, primary_key=True),
)

kept_apart = sa.Table(
    "kept_apart",
    metadata,
    sa.Column("thread_id", sa.ForeignKey("threads.id"), primary_key=True),
    sa.Column("other_id", sa.ForeignKey("threads.id"), primary_key=True, index=True),
)

evidence = sa.Table(
    "evidence",
    metadata,
    key(),
    ref("message_id", "messages.id", index=True, cascade=True),
    text("layer"),
    text("rule"),
    text("channel"),
    number("start_at"),
    number("end_at"),
    text("text"),
    real("weight"),
    text("attack_type"),
)

attachments = sa.Table(
    "attachments",
    metadata,
    key(),
    ref("message_id", "messages.id", index=True, cascade=True),
    text("filename"),
    text("content_type"),
    number("size"),
    text("hash"),
    text("content_id"),
    text("risk"),
)

releases = sa.Table(
    "releases",
    metadata,
    sa.Column("content_hash", sa.Text, primary_key=True),
    ref("message_id", "messages.id", required=False),
    text("released_by"),
    text("why"),
    time("at", required=True),
)

blocks = sa.Table(
    "blocks",
    metadata,
    key(),
    text("kind"),
    text("value"),
    text("blocked_by"),
    text("why"),
    number("hits"),
    time("at"),
    time("expires_at"),
    sa.UniqueConstraint("kind", "value"),
)

notes = sa.Table(
    "notes",
    metadata,
    key(),
    ref("thread_id", "threads.id", index=True),
    text("author"),
    text("text"),
    time("at", required=True),
    flag("deleted"),
)

tags = sa.Table("tags", metadata, key(), text("name", unique=True))

thread_tags = sa.Table(
    "thread_tags",
    metadata,
    sa.Column("thread_id", sa.ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, index=True),
    text("added_by"),
)

reads = sa.Table(
    "reads",
    metadata,
    sa.Column("agent", sa.Text, primary_key=True),
    sa.Column("thread_id", sa.ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True),
    time("at", required=True),
)
