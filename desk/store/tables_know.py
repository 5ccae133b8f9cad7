"""Tables of knowledge: articles with versions, entries with relations, what the desk's own decisions teach."""

import sqlalchemy as sa

from desk.store.columns import flag, json, key, metadata, number, real, ref, text, time

articles = sa.Table(
    "articles",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    text("title"),
    text("body"),
    text("kind", "article"),
    text("category"),
    text("language", "en"),
    flag("public", True),
    ref("contact_id", "contacts.id", required=False),
    text("question"),
    text("authority", "article"),
    text("valid_from"),
    text("valid_until"),
    json("supersedes"),
    text("content_hash"),
    text("source"),
    number("version"),
    flag("deleted"),
    time("updated_at"),
    text("updated_by"),
    number("cited"),
    text("compared"),
    text("imported"),
)

disagreements = sa.Table(
    "disagreements",
    metadata,
    sa.Column("article_id", sa.Text, primary_key=True),
    sa.Column("other_id", sa.Text, primary_key=True),
    text("said"),
    text("other_said"),
)

article_versions = sa.Table(
    "article_versions",
    metadata,
    sa.Column("article_id", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    text("title"),
    text("body"),
    text("saved_by"),
    time("saved_at"),
)

gaps = sa.Table(
    "gaps",
    metadata,
    key(),
    text("question"),
    text("language"),
    text("category"),
    text("state", "open"),
    json("asked"),
    time("first_at"),
    time("last_at"),
    text("decided_by"),
)

proposals = sa.Table(
    "proposals",
    metadata,
    key(),
    json("article"),
    text("state", "proposed"),
    ref("thread_id", "threads.id", required=False, index=True),
    number("gap_id", None),
    text("article_id"),
    time("made_at"),
    text("decided_by"),
    time("decided_at"),
)

entries = sa.Table(
    "entries",
    metadata,
    key(),
    text("kind"),
    text("text"),
    text("state", "proposed"),
    ref("contact_id", "contacts.id", required=False, index=True),
    ref("thread_id", "threads.id", required=False),
    text("source"),
    real("confidence"),
    flag("authoritative"),
    json("tags"),
    time("created_at"),
    time("expires_at"),
    time("used_at"),
)

relations = sa.Table(
    "relations",
    metadata,
    key(),
    ref("from_id", "entries.id", index=True, cascade=True),
    ref("to_id", "entries.id", index=True, cascade=True),
    text("kind"),
    real("confidence"),
    sa.UniqueConstraint("from_id", "to_id", "kind"),
)

examples = sa.Table(
    "examples",
    metadata,
    key(),
    text("kind"),
    text("label"),
    text("content_hash"),
    text("text"),
    text("agent"),
    time("at", required=True),
    sa.UniqueConstraint("kind", "content_hash"),
)

model_trust = sa.Table(
    "model_trust",
    metadata,
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("task", sa.Text, primary_key=True),
    real("score"),
    number("samples"),
    json("detail"),
    time("at"),
)

lookups_cache = sa.Table(
    "lookups_cache",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    json("value"),
    time("at"),
    time("expires_at"),
)
