CREATE TABLE gaps (
  id INTEGER NOT NULL,
  question TEXT DEFAULT '' NOT NULL,
  language TEXT DEFAULT '' NOT NULL,
  category TEXT DEFAULT '' NOT NULL,
  state TEXT DEFAULT 'open' NOT NULL,
  asked JSON,
  first_at DOUBLE,
  last_at DOUBLE,
  decided_by TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_gaps PRIMARY KEY (id)
)
;
CREATE TABLE proposals (
  id INTEGER NOT NULL,
  article JSON,
  state TEXT DEFAULT 'proposed' NOT NULL,
  thread_id INTEGER,
  gap_id INTEGER,
  article_id TEXT DEFAULT '' NOT NULL,
  made_at DOUBLE,
  decided_by TEXT DEFAULT '' NOT NULL,
  decided_at DOUBLE,
  CONSTRAINT pk_proposals PRIMARY KEY (id),
  CONSTRAINT fk_proposals_thread_id_threads FOREIGN KEY(thread_id) REFERENCES threads (id)
)
;
CREATE INDEX ix_proposals_thread_id ON proposals (thread_id)
;
