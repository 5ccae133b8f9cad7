DROP INDEX ix_threads_shelf_last
;
CREATE INDEX ix_threads_shelf_last ON threads (shelf, last_message_at, id, status, assigned_to, merged_into, category, priority, language, mailbox_id)
;
CREATE INDEX ix_threads_waking ON threads (shelf, status, snoozed_until, id)
;
DROP INDEX ix_threads_category
;
CREATE INDEX ix_threads_category ON threads (category, last_message_at, id, shelf, status, assigned_to, merged_into)
;
CREATE INDEX ix_threads_language ON threads (language, last_message_at, id, shelf, status, assigned_to, merged_into)
;
DROP TABLE messages_fts
;
CREATE VIRTUAL TABLE messages_fts USING fts5(
  subject, text, from_name, from_addr,
  content='messages', content_rowid='id', tokenize='unicode61 remove_diacritics 2', prefix='2 3'
)
;
INSERT INTO messages_fts(messages_fts) VALUES ('rebuild')
;
