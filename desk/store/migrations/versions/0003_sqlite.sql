DROP INDEX ix_threads_assigned
;
DROP INDEX ix_threads_category
;
DROP INDEX ix_threads_language
;
DROP INDEX ix_threads_priority
;
CREATE INDEX ix_threads_assigned ON threads (assigned_to, last_message_at, id, shelf, status, merged_into, category, language, mailbox_id, priority)
;
CREATE INDEX ix_threads_category ON threads (category, last_message_at, id, shelf, status, merged_into, assigned_to, language, mailbox_id, priority)
;
CREATE INDEX ix_threads_language ON threads (language, last_message_at, id, shelf, status, merged_into, assigned_to, category, mailbox_id, priority)
;
CREATE INDEX ix_threads_mailbox ON threads (mailbox_id, last_message_at, id, shelf, status, merged_into, assigned_to, category, language, priority)
;
CREATE INDEX ix_threads_priority ON threads (priority, last_message_at, id, shelf, status, merged_into, assigned_to, category, language, mailbox_id)
;
CREATE VIRTUAL TABLE threads_fts USING fts5(words, content='', tokenize='trigram', detail=none)
;
CREATE VIRTUAL TABLE threads_grams USING fts5vocab('threads_fts', 'instance')
;
INSERT INTO threads_fts(rowid, words) SELECT id, threads.subject || char(10) || threads.contact_addr || char(10) || threads.number || char(10) || threads.snippet || char(10, 10) FROM threads
;
CREATE TRIGGER threads_fts_insert AFTER INSERT ON threads BEGIN
  INSERT INTO threads_fts(rowid, words) VALUES (new.id, new.subject || char(10) || new.contact_addr || char(10) || new.number || char(10) || new.snippet || char(10, 10));
END
;
CREATE TRIGGER threads_fts_delete AFTER DELETE ON threads BEGIN
  INSERT INTO threads_fts(threads_fts, rowid, words) VALUES ('delete', old.id, old.subject || char(10) || old.contact_addr || char(10) || old.number || char(10) || old.snippet || char(10, 10));
END
;
CREATE TRIGGER threads_fts_update AFTER UPDATE OF subject, contact_addr, number, snippet ON threads BEGIN
  INSERT INTO threads_fts(threads_fts, rowid, words) VALUES ('delete', old.id, old.subject || char(10) || old.contact_addr || char(10) || old.number || char(10) || old.snippet || char(10, 10));
  INSERT INTO threads_fts(rowid, words) VALUES (new.id, new.subject || char(10) || new.contact_addr || char(10) || new.number || char(10) || new.snippet || char(10, 10));
END
;
