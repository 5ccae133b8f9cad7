CREATE TABLE refusals (
  thread_id INTEGER NOT NULL,
  into_id INTEGER NOT NULL,
  sender TEXT NOT NULL,
  CONSTRAINT pk_refusals PRIMARY KEY (thread_id, into_id, sender),
  CONSTRAINT fk_refusals_thread_id_threads FOREIGN KEY(thread_id) REFERENCES threads (id),
  CONSTRAINT fk_refusals_into_id_threads FOREIGN KEY(into_id) REFERENCES threads (id)
)
;
CREATE INDEX ix_refusals_into_id ON refusals (into_id)
;
CREATE TABLE kept_apart (
  thread_id INTEGER NOT NULL,
  other_id INTEGER NOT NULL,
  CONSTRAINT pk_kept_apart PRIMARY KEY (thread_id, other_id),
  CONSTRAINT fk_kept_apart_thread_id_threads FOREIGN KEY(thread_id) REFERENCES threads (id),
  CONSTRAINT fk_kept_apart_other_id_threads FOREIGN KEY(other_id) REFERENCES threads (id)
)
;
CREATE INDEX ix_kept_apart_other_id ON kept_apart (other_id)
;
