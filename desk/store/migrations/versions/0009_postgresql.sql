CREATE TABLE commitments (
  id SERIAL NOT NULL,
  thread_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  text TEXT DEFAULT '' NOT NULL,
  said_at DOUBLE PRECISION NOT NULL,
  due_on TEXT DEFAULT '' NOT NULL,
  by_mail BOOLEAN DEFAULT false NOT NULL,
  told BOOLEAN DEFAULT false NOT NULL,
  state TEXT DEFAULT 'open' NOT NULL,
  decided_by TEXT DEFAULT '' NOT NULL,
  decided_at DOUBLE PRECISION,
  CONSTRAINT pk_commitments PRIMARY KEY (id),
  CONSTRAINT fk_commitments_thread_id_threads FOREIGN KEY(thread_id) REFERENCES threads (id),
  CONSTRAINT fk_commitments_message_id_messages FOREIGN KEY(message_id) REFERENCES messages (id)
)
;
CREATE INDEX ix_commitments_thread_id ON commitments (thread_id)
;
CREATE INDEX ix_commitments_message_id ON commitments (message_id)
;
