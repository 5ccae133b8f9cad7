CREATE TABLE summaries (
  message_id INTEGER NOT NULL,
  text TEXT DEFAULT '' NOT NULL,
  made_of TEXT DEFAULT '' NOT NULL,
  made_at DOUBLE,
  CONSTRAINT pk_summaries PRIMARY KEY (message_id),
  CONSTRAINT fk_summaries_message_id_messages FOREIGN KEY(message_id) REFERENCES messages (id) ON DELETE CASCADE
)
;
