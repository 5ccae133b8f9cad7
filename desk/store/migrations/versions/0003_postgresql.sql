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
