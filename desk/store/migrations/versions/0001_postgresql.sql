CREATE TABLE agents (
  id SERIAL NOT NULL,
  login TEXT DEFAULT '' NOT NULL,
  name TEXT DEFAULT '' NOT NULL,
  role TEXT DEFAULT 'agent' NOT NULL,
  active BOOLEAN DEFAULT true NOT NULL,
  seen_at DOUBLE PRECISION,
  CONSTRAINT pk_agents PRIMARY KEY (id),
  CONSTRAINT uq_agents_login UNIQUE (login)
)
;
CREATE TABLE article_versions (
  article_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  title TEXT DEFAULT '' NOT NULL,
  body TEXT DEFAULT '' NOT NULL,
  saved_by TEXT DEFAULT '' NOT NULL,
  saved_at DOUBLE PRECISION,
  CONSTRAINT pk_article_versions PRIMARY KEY (article_id, version)
)
;
CREATE TABLE audit (
  id SERIAL NOT NULL,
  at DOUBLE PRECISION NOT NULL,
  actor TEXT DEFAULT '' NOT NULL,
  action TEXT DEFAULT '' NOT NULL,
  target TEXT DEFAULT '' NOT NULL,
  data JSON,
  previous TEXT DEFAULT '' NOT NULL,
  hash TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_audit PRIMARY KEY (id),
  CONSTRAINT uq_audit_hash UNIQUE (hash)
)
;
CREATE TABLE blobs (
  hash TEXT NOT NULL,
  data BYTEA NOT NULL,
  size INTEGER DEFAULT '0' NOT NULL,
  at DOUBLE PRECISION,
  CONSTRAINT pk_blobs PRIMARY KEY (hash)
)
;
CREATE TABLE blocks (
  id SERIAL NOT NULL,
  kind TEXT DEFAULT '' NOT NULL,
  value TEXT DEFAULT '' NOT NULL,
  blocked_by TEXT DEFAULT '' NOT NULL,
  why TEXT DEFAULT '' NOT NULL,
  hits INTEGER DEFAULT '0' NOT NULL,
  at DOUBLE PRECISION,
  expires_at DOUBLE PRECISION,
  CONSTRAINT pk_blocks PRIMARY KEY (id),
  CONSTRAINT uq_blocks_kind_value UNIQUE (kind, value)
)
;
CREATE TABLE counters (
  name TEXT NOT NULL,
  value INTEGER DEFAULT '0' NOT NULL,
  CONSTRAINT pk_counters PRIMARY KEY (name)
)
;
CREATE TABLE examples (
  id SERIAL NOT NULL,
  kind TEXT DEFAULT '' NOT NULL,
  label TEXT DEFAULT '' NOT NULL,
  content_hash TEXT DEFAULT '' NOT NULL,
  text TEXT DEFAULT '' NOT NULL,
  agent TEXT DEFAULT '' NOT NULL,
  at DOUBLE PRECISION NOT NULL,
  CONSTRAINT pk_examples PRIMARY KEY (id),
  CONSTRAINT uq_examples_kind_content_hash UNIQUE (kind, content_hash)
)
;
CREATE TABLE leases (
  name TEXT NOT NULL,
  token TEXT DEFAULT '' NOT NULL,
  owner TEXT DEFAULT '' NOT NULL,
  until DOUBLE PRECISION NOT NULL,
  CONSTRAINT pk_leases PRIMARY KEY (name)
)
;
CREATE TABLE lookups_cache (
  source TEXT NOT NULL,
  key TEXT NOT NULL,
  value JSON,
  at DOUBLE PRECISION,
  expires_at DOUBLE PRECISION,
  CONSTRAINT pk_lookups_cache PRIMARY KEY (source, key)
)
;
CREATE TABLE mailboxes (
  id SERIAL NOT NULL,
  name TEXT DEFAULT '' NOT NULL,
  address TEXT DEFAULT '' NOT NULL,
  channel TEXT DEFAULT 'email' NOT NULL,
  active BOOLEAN DEFAULT true NOT NULL,
  added_at DOUBLE PRECISION,
  CONSTRAINT pk_mailboxes PRIMARY KEY (id),
  CONSTRAINT uq_mailboxes_name UNIQUE (name)
)
;
CREATE TABLE model_trust (
  model TEXT NOT NULL,
  task TEXT NOT NULL,
  score DOUBLE PRECISION DEFAULT 0.0 NOT NULL,
  samples INTEGER DEFAULT '0' NOT NULL,
  detail JSON,
  at DOUBLE PRECISION,
  CONSTRAINT pk_model_trust PRIMARY KEY (model, task)
)
;
CREATE TABLE organisations (
  id SERIAL NOT NULL,
  name TEXT DEFAULT '' NOT NULL,
  domain TEXT,
  notes TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_organisations PRIMARY KEY (id),
  CONSTRAINT uq_organisations_domain UNIQUE (domain)
)
;
CREATE TABLE settings (
  name TEXT NOT NULL,
  value JSON,
  CONSTRAINT pk_settings PRIMARY KEY (name)
)
;
CREATE TABLE tags (
  id SERIAL NOT NULL,
  name TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_tags PRIMARY KEY (id),
  CONSTRAINT uq_tags_name UNIQUE (name)
)
;
CREATE TABLE teams (
  id SERIAL NOT NULL,
  name TEXT DEFAULT '' NOT NULL,
  description TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_teams PRIMARY KEY (id),
  CONSTRAINT uq_teams_name UNIQUE (name)
)
;
CREATE TABLE worker_status (
  name TEXT NOT NULL,
  state TEXT DEFAULT '' NOT NULL,
  detail TEXT DEFAULT '' NOT NULL,
  pid INTEGER,
  at DOUBLE PRECISION NOT NULL,
  CONSTRAINT pk_worker_status PRIMARY KEY (name)
)
;
CREATE TABLE contacts (
  id SERIAL NOT NULL,
  name TEXT DEFAULT '' NOT NULL,
  organisation_id INTEGER,
  language TEXT DEFAULT '' NOT NULL,
  notes TEXT DEFAULT '' NOT NULL,
  vip BOOLEAN DEFAULT false NOT NULL,
  undeliverable TEXT DEFAULT '' NOT NULL,
  merged_into INTEGER,
  created_at DOUBLE PRECISION,
  version INTEGER DEFAULT '0' NOT NULL,
  CONSTRAINT pk_contacts PRIMARY KEY (id),
  CONSTRAINT fk_contacts_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
;
CREATE TABLE cursors (
  mailbox_id INTEGER NOT NULL,
  folder TEXT NOT NULL,
  uidvalidity BIGINT DEFAULT '0' NOT NULL,
  last_uid BIGINT DEFAULT '0' NOT NULL,
  modseq BIGINT,
  at DOUBLE PRECISION,
  CONSTRAINT pk_cursors PRIMARY KEY (mailbox_id, folder),
  CONSTRAINT fk_cursors_mailbox_id FOREIGN KEY(mailbox_id) REFERENCES mailboxes (id)
)
;
CREATE TABLE team_members (
  team_id INTEGER NOT NULL,
  agent_id INTEGER NOT NULL,
  CONSTRAINT pk_team_members PRIMARY KEY (team_id, agent_id),
  CONSTRAINT fk_team_members_team_id FOREIGN KEY(team_id) REFERENCES teams (id) ON DELETE CASCADE,
  CONSTRAINT fk_team_members_agent_id FOREIGN KEY(agent_id) REFERENCES agents (id) ON DELETE CASCADE
)
;
CREATE TABLE articles (
  id TEXT NOT NULL,
  title TEXT DEFAULT '' NOT NULL,
  body TEXT DEFAULT '' NOT NULL,
  kind TEXT DEFAULT 'article' NOT NULL,
  category TEXT DEFAULT '' NOT NULL,
  language TEXT DEFAULT 'en' NOT NULL,
  public BOOLEAN DEFAULT true NOT NULL,
  contact_id INTEGER,
  question TEXT DEFAULT '' NOT NULL,
  content_hash TEXT DEFAULT '' NOT NULL,
  source TEXT DEFAULT '' NOT NULL,
  version INTEGER DEFAULT '0' NOT NULL,
  deleted BOOLEAN DEFAULT false NOT NULL,
  updated_at DOUBLE PRECISION,
  updated_by TEXT DEFAULT '' NOT NULL,
  cited INTEGER DEFAULT '0' NOT NULL,
  CONSTRAINT pk_articles PRIMARY KEY (id),
  CONSTRAINT fk_articles_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id)
)
;
CREATE TABLE contact_addresses (
  address TEXT NOT NULL,
  contact_id INTEGER NOT NULL,
  first_seen DOUBLE PRECISION,
  CONSTRAINT pk_contact_addresses PRIMARY KEY (address),
  CONSTRAINT fk_contact_addresses_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id)
)
;
CREATE INDEX ix_contact_addresses_contact_id ON contact_addresses (contact_id)
;
CREATE TABLE threads (
  id SERIAL NOT NULL,
  number TEXT DEFAULT '' NOT NULL,
  mailbox_id INTEGER NOT NULL,
  contact_id INTEGER,
  contact_addr TEXT DEFAULT '' NOT NULL,
  channel TEXT DEFAULT 'email' NOT NULL,
  subject TEXT DEFAULT '' NOT NULL,
  subject_key TEXT DEFAULT '' NOT NULL,
  shelf TEXT DEFAULT 'desk' NOT NULL,
  status TEXT DEFAULT 'open' NOT NULL,
  category TEXT DEFAULT '' NOT NULL,
  priority TEXT DEFAULT 'normal' NOT NULL,
  sentiment TEXT DEFAULT '' NOT NULL,
  language TEXT DEFAULT '' NOT NULL,
  register TEXT DEFAULT '' NOT NULL,
  urgent BOOLEAN DEFAULT false NOT NULL,
  confidence DOUBLE PRECISION,
  known TEXT DEFAULT '' NOT NULL,
  answerable DOUBLE PRECISION,
  written_by TEXT DEFAULT '' NOT NULL,
  step TEXT DEFAULT '' NOT NULL,
  needs TEXT DEFAULT '' NOT NULL,
  asks BOOLEAN DEFAULT false NOT NULL,
  question_count INTEGER DEFAULT '0' NOT NULL,
  assigned_to TEXT DEFAULT '' NOT NULL,
  team_id INTEGER,
  first_message_at DOUBLE PRECISION,
  last_message_at DOUBLE PRECISION DEFAULT 0.0 NOT NULL,
  last_inbound_at DOUBLE PRECISION,
  last_outbound_at DOUBLE PRECISION,
  message_count INTEGER DEFAULT '0' NOT NULL,
  snippet TEXT DEFAULT '' NOT NULL,
  flagged BOOLEAN DEFAULT false NOT NULL,
  has_attachments BOOLEAN DEFAULT false NOT NULL,
  snoozed_until DOUBLE PRECISION,
  merged_into INTEGER,
  resolved_at DOUBLE PRECISION,
  created_at DOUBLE PRECISION,
  version INTEGER DEFAULT '0' NOT NULL,
  CONSTRAINT pk_threads PRIMARY KEY (id),
  CONSTRAINT threads_shelf CHECK (shelf IN ('desk', 'quarantine', 'automated', 'spam')),
  CONSTRAINT uq_threads_number UNIQUE (number),
  CONSTRAINT fk_threads_mailbox_id FOREIGN KEY(mailbox_id) REFERENCES mailboxes (id),
  CONSTRAINT fk_threads_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id),
  CONSTRAINT fk_threads_team_id FOREIGN KEY(team_id) REFERENCES teams (id)
)
;
CREATE INDEX ix_threads_assigned ON threads (assigned_to, status, last_message_at, id)
;
CREATE INDEX ix_threads_category ON threads (category, last_message_at, id)
;
CREATE INDEX ix_threads_contact_id ON threads (contact_id)
;
CREATE INDEX ix_threads_contact_subject ON threads (contact_addr, subject_key, last_message_at)
;
CREATE INDEX ix_threads_priority ON threads (shelf, priority, last_message_at, id, status)
;
CREATE INDEX ix_threads_review ON threads (shelf, status, urgent DESC, asks DESC, last_message_at, id)
;
CREATE INDEX ix_threads_shelf_last ON threads (shelf, last_message_at, id, status, assigned_to, merged_into)
;
CREATE INDEX ix_threads_shelf_status_last ON threads (shelf, status, last_message_at, id, assigned_to, merged_into)
;
CREATE INDEX ix_threads_snoozed ON threads (snoozed_until)
;
CREATE TABLE actions (
  id SERIAL NOT NULL,
  thread_id INTEGER NOT NULL,
  run_id INTEGER,
  draft_id INTEGER,
  kind TEXT DEFAULT '' NOT NULL,
  detail TEXT DEFAULT '' NOT NULL,
  data JSON,
  state TEXT DEFAULT 'planned' NOT NULL,
  idempotency_key TEXT,
  decided_by TEXT DEFAULT '' NOT NULL,
  decided_at DOUBLE PRECISION,
  CONSTRAINT pk_actions PRIMARY KEY (id),
  CONSTRAINT fk_actions_thread_id FOREIGN KEY(thread_id) REFERENCES threads (id),
  CONSTRAINT uq_actions_idempotency_key UNIQUE (idempotency_key)
)
;
CREATE INDEX ix_actions_thread_id ON actions (thread_id)
;
CREATE TABLE drafts (
  id SERIAL NOT NULL,
  thread_id INTEGER NOT NULL,
  version INTEGER DEFAULT '0' NOT NULL,
  message_id INTEGER,
  run_id INTEGER,
  state TEXT DEFAULT 'offered' NOT NULL,
  subject TEXT DEFAULT '' NOT NULL,
  body TEXT DEFAULT '' NOT NULL,
  language TEXT DEFAULT '' NOT NULL,
  register TEXT DEFAULT '' NOT NULL,
  written_by TEXT DEFAULT '' NOT NULL,
  confidence DOUBLE PRECISION DEFAULT 0.0 NOT NULL,
  sources JSON,
  claims JSON,
  gates JSON,
  notes JSON,
  plan JSON,
  to_addrs JSON,
  cc_addrs JSON,
  attachments JSON,
  model TEXT DEFAULT '' NOT NULL,
  prompt_version TEXT DEFAULT '' NOT NULL,
  instruction TEXT DEFAULT '' NOT NULL,
  created_by TEXT DEFAULT '' NOT NULL,
  created_at DOUBLE PRECISION NOT NULL,
  reject_reason TEXT DEFAULT '' NOT NULL,
  reject_text TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_drafts PRIMARY KEY (id),
  CONSTRAINT uq_drafts_thread_id_version UNIQUE (thread_id, version),
  CONSTRAINT fk_drafts_thread_id FOREIGN KEY(thread_id) REFERENCES threads (id)
)
;
CREATE TABLE entries (
  id SERIAL NOT NULL,
  kind TEXT DEFAULT '' NOT NULL,
  text TEXT DEFAULT '' NOT NULL,
  state TEXT DEFAULT 'proposed' NOT NULL,
  contact_id INTEGER,
  thread_id INTEGER,
  source TEXT DEFAULT '' NOT NULL,
  confidence DOUBLE PRECISION DEFAULT 0.0 NOT NULL,
  authoritative BOOLEAN DEFAULT false NOT NULL,
  tags JSON,
  created_at DOUBLE PRECISION,
  expires_at DOUBLE PRECISION,
  used_at DOUBLE PRECISION,
  CONSTRAINT pk_entries PRIMARY KEY (id),
  CONSTRAINT fk_entries_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id),
  CONSTRAINT fk_entries_thread_id FOREIGN KEY(thread_id) REFERENCES threads (id)
)
;
CREATE INDEX ix_entries_contact_id ON entries (contact_id)
;
CREATE TABLE events (
  id SERIAL NOT NULL,
  at DOUBLE PRECISION NOT NULL,
  kind TEXT DEFAULT '' NOT NULL,
  actor TEXT DEFAULT '' NOT NULL,
  text TEXT DEFAULT '' NOT NULL,
  thread_id INTEGER,
  message_id INTEGER,
  data JSON,
  CONSTRAINT pk_events PRIMARY KEY (id),
  CONSTRAINT fk_events_thread_id FOREIGN KEY(thread_id) REFERENCES threads (id)
)
;
CREATE INDEX ix_events_thread_id ON events (thread_id)
;
CREATE TABLE ledger (
  id SERIAL NOT NULL,
  thread_id INTEGER NOT NULL,
  period TEXT DEFAULT '' NOT NULL,
  channel TEXT DEFAULT '' NOT NULL,
  answered_by TEXT DEFAULT '' NOT NULL,
  model_seconds DOUBLE PRECISION DEFAULT 0.0 NOT NULL,
  tokens INTEGER DEFAULT '0' NOT NULL,
  at DOUBLE PRECISION NOT NULL,
  CONSTRAINT pk_ledger PRIMARY KEY (id),
  CONSTRAINT uq_ledger_thread_id_period UNIQUE (thread_id, period),
  CONSTRAINT fk_ledger_thread_id FOREIGN KEY(thread_id) REFERENCES threads (id)
)
;
CREATE TABLE message_ids (
  message_id TEXT NOT NULL,
  thread_id INTEGER NOT NULL,
  own BOOLEAN DEFAULT false NOT NULL,
  placeholder BOOLEAN DEFAULT false NOT NULL,
  CONSTRAINT pk_message_ids PRIMARY KEY (message_id),
  CONSTRAINT fk_message_ids_thread_id FOREIGN KEY(thread_id) REFERENCES threads (id)
)
;
CREATE INDEX ix_message_ids_thread_id ON message_ids (thread_id)
;
CREATE TABLE messages (
  id SERIAL NOT NULL,
  thread_id INTEGER NOT NULL,
  mailbox_id INTEGER NOT NULL,
  direction TEXT DEFAULT 'inbound' NOT NULL,
  status TEXT DEFAULT 'received' NOT NULL,
  folder TEXT DEFAULT '' NOT NULL,
  uidvalidity BIGINT,
  uid BIGINT,
  blob_hash TEXT,
  size INTEGER DEFAULT '0' NOT NULL,
  message_id TEXT DEFAULT '' NOT NULL,
  in_reply_to TEXT DEFAULT '' NOT NULL,
  reference_ids JSON,
  from_addr TEXT DEFAULT '' NOT NULL,
  from_name TEXT DEFAULT '' NOT NULL,
  reply_to TEXT DEFAULT '' NOT NULL,
  to_addrs JSON,
  cc_addrs JSON,
  subject TEXT DEFAULT '' NOT NULL,
  text TEXT DEFAULT '' NOT NULL,
  reply_text TEXT DEFAULT '' NOT NULL,
  received_at DOUBLE PRECISION NOT NULL,
  sent_at DOUBLE PRECISION,
  auto TEXT DEFAULT '' NOT NULL,
  auto_reason TEXT DEFAULT '' NOT NULL,
  history BOOLEAN DEFAULT false NOT NULL,
  run_id INTEGER,
  problems JSON,
  flagged BOOLEAN,
  score DOUBLE PRECISION,
  attack_type TEXT DEFAULT '' NOT NULL,
  spam DOUBLE PRECISION,
  phishing DOUBLE PRECISION,
  complete BOOLEAN,
  scanner TEXT DEFAULT '' NOT NULL,
  scanned_at DOUBLE PRECISION,
  clean_text TEXT,
  hidden_text TEXT DEFAULT '' NOT NULL,
  visible_text TEXT DEFAULT '' NOT NULL,
  released BOOLEAN DEFAULT false NOT NULL,
  CONSTRAINT pk_messages PRIMARY KEY (id),
  CONSTRAINT uq_messages_mailbox_id_folder_uidvalidity_uid UNIQUE (mailbox_id, folder, uidvalidity, uid),
  CONSTRAINT fk_messages_thread_id FOREIGN KEY(thread_id) REFERENCES threads (id),
  CONSTRAINT fk_messages_mailbox_id FOREIGN KEY(mailbox_id) REFERENCES mailboxes (id),
  CONSTRAINT fk_messages_blob_hash FOREIGN KEY(blob_hash) REFERENCES blobs (hash)
)
;
CREATE INDEX ix_messages_blob_hash ON messages (blob_hash)
;
CREATE INDEX ix_messages_message_id ON messages (message_id)
;
CREATE INDEX ix_messages_run_id ON messages (run_id)
;
CREATE INDEX ix_messages_status ON messages (status, id)
;
CREATE INDEX ix_messages_thread ON messages (thread_id, received_at, id)
;
CREATE UNIQUE INDEX uq_messages_mailbox_blob ON messages (mailbox_id, blob_hash)
;
CREATE TABLE notes (
  id SERIAL NOT NULL,
  thread_id INTEGER NOT NULL,
  author TEXT DEFAULT '' NOT NULL,
  text TEXT DEFAULT '' NOT NULL,
  at DOUBLE PRECISION NOT NULL,
  deleted BOOLEAN DEFAULT false NOT NULL,
  CONSTRAINT pk_notes PRIMARY KEY (id),
  CONSTRAINT fk_notes_thread_id FOREIGN KEY(thread_id) REFERENCES threads (id)
)
;
CREATE INDEX ix_notes_thread_id ON notes (thread_id)
;
CREATE TABLE questions (
  id SERIAL NOT NULL,
  thread_id INTEGER NOT NULL,
  run_id INTEGER,
  text TEXT DEFAULT '' NOT NULL,
  options JSON,
  answer TEXT,
  answered_by TEXT DEFAULT '' NOT NULL,
  asked_at DOUBLE PRECISION NOT NULL,
  answered_at DOUBLE PRECISION,
  CONSTRAINT pk_questions PRIMARY KEY (id),
  CONSTRAINT fk_questions_thread_id FOREIGN KEY(thread_id) REFERENCES threads (id)
)
;
CREATE INDEX ix_questions_thread_id ON questions (thread_id)
;
CREATE TABLE reads (
  agent TEXT NOT NULL,
  thread_id INTEGER NOT NULL,
  at DOUBLE PRECISION NOT NULL,
  CONSTRAINT pk_reads PRIMARY KEY (agent, thread_id),
  CONSTRAINT fk_reads_thread_id FOREIGN KEY(thread_id) REFERENCES threads (id) ON DELETE CASCADE
)
;
CREATE TABLE runs (
  id SERIAL NOT NULL,
  kind TEXT DEFAULT '' NOT NULL,
  thread_id INTEGER,
  message_id INTEGER,
  parent_id INTEGER,
  branch TEXT DEFAULT '' NOT NULL,
  state TEXT DEFAULT 'queued' NOT NULL,
  step TEXT DEFAULT '' NOT NULL,
  attempt INTEGER DEFAULT '0' NOT NULL,
  urgent BOOLEAN DEFAULT false NOT NULL,
  run_at DOUBLE PRECISION NOT NULL,
  first_at DOUBLE PRECISION NOT NULL,
  lease_token TEXT,
  lease_until DOUBLE PRECISION,
  coalesce_key TEXT,
  data JSON,
  last_error TEXT DEFAULT '' NOT NULL,
  created_at DOUBLE PRECISION,
  ended_at DOUBLE PRECISION,
  CONSTRAINT pk_runs PRIMARY KEY (id),
  CONSTRAINT uq_runs_parent_id_branch UNIQUE (parent_id, branch),
  CONSTRAINT fk_runs_thread_id FOREIGN KEY(thread_id) REFERENCES threads (id),
  CONSTRAINT fk_runs_parent_id FOREIGN KEY(parent_id) REFERENCES runs (id),
  CONSTRAINT uq_runs_coalesce_key UNIQUE (coalesce_key)
)
;
CREATE INDEX ix_runs_ready ON runs (run_at) WHERE state IN ('queued', 'running')
;
CREATE INDEX ix_runs_thread_id ON runs (thread_id)
;
CREATE TABLE streams (
  thread_id INTEGER NOT NULL,
  text TEXT DEFAULT '' NOT NULL,
  at DOUBLE PRECISION,
  CONSTRAINT pk_streams PRIMARY KEY (thread_id),
  CONSTRAINT fk_streams_thread_id FOREIGN KEY(thread_id) REFERENCES threads (id) ON DELETE CASCADE
)
;
CREATE TABLE thread_tags (
  thread_id INTEGER NOT NULL,
  tag_id INTEGER NOT NULL,
  added_by TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_thread_tags PRIMARY KEY (thread_id, tag_id),
  CONSTRAINT fk_thread_tags_thread_id FOREIGN KEY(thread_id) REFERENCES threads (id) ON DELETE CASCADE,
  CONSTRAINT fk_thread_tags_tag_id FOREIGN KEY(tag_id) REFERENCES tags (id) ON DELETE CASCADE
)
;
CREATE INDEX ix_thread_tags_tag_id ON thread_tags (tag_id)
;
CREATE TABLE attachments (
  id SERIAL NOT NULL,
  message_id INTEGER NOT NULL,
  filename TEXT DEFAULT '' NOT NULL,
  content_type TEXT DEFAULT '' NOT NULL,
  size INTEGER DEFAULT '0' NOT NULL,
  hash TEXT DEFAULT '' NOT NULL,
  content_id TEXT DEFAULT '' NOT NULL,
  risk TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_attachments PRIMARY KEY (id),
  CONSTRAINT fk_attachments_message_id FOREIGN KEY(message_id) REFERENCES messages (id) ON DELETE CASCADE
)
;
CREATE INDEX ix_attachments_message_id ON attachments (message_id)
;
CREATE TABLE evidence (
  id SERIAL NOT NULL,
  message_id INTEGER NOT NULL,
  layer TEXT DEFAULT '' NOT NULL,
  rule TEXT DEFAULT '' NOT NULL,
  channel TEXT DEFAULT '' NOT NULL,
  start_at INTEGER DEFAULT '0' NOT NULL,
  end_at INTEGER DEFAULT '0' NOT NULL,
  text TEXT DEFAULT '' NOT NULL,
  weight DOUBLE PRECISION DEFAULT 0.0 NOT NULL,
  attack_type TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_evidence PRIMARY KEY (id),
  CONSTRAINT fk_evidence_message_id FOREIGN KEY(message_id) REFERENCES messages (id) ON DELETE CASCADE
)
;
CREATE INDEX ix_evidence_message_id ON evidence (message_id)
;
CREATE TABLE feedback (
  id SERIAL NOT NULL,
  thread_id INTEGER NOT NULL,
  draft_id INTEGER,
  agent TEXT DEFAULT '' NOT NULL,
  verdict TEXT DEFAULT '' NOT NULL,
  reason TEXT DEFAULT '' NOT NULL,
  text TEXT DEFAULT '' NOT NULL,
  before TEXT DEFAULT '' NOT NULL,
  after TEXT DEFAULT '' NOT NULL,
  at DOUBLE PRECISION NOT NULL,
  CONSTRAINT pk_feedback PRIMARY KEY (id),
  CONSTRAINT fk_feedback_thread_id FOREIGN KEY(thread_id) REFERENCES threads (id),
  CONSTRAINT fk_feedback_draft_id FOREIGN KEY(draft_id) REFERENCES drafts (id)
)
;
CREATE INDEX ix_feedback_thread_id ON feedback (thread_id)
;
CREATE TABLE outbox (
  id SERIAL NOT NULL,
  thread_id INTEGER,
  mailbox_id INTEGER NOT NULL,
  draft_id INTEGER,
  draft_version INTEGER DEFAULT '0' NOT NULL,
  state TEXT DEFAULT 'held' NOT NULL,
  phase TEXT DEFAULT '' NOT NULL,
  message_id TEXT DEFAULT '' NOT NULL,
  sender TEXT DEFAULT '' NOT NULL,
  recipients JSON,
  subject TEXT DEFAULT '' NOT NULL,
  body TEXT DEFAULT '' NOT NULL,
  raw BYTEA NOT NULL,
  answers JSON,
  inbound_at DOUBLE PRECISION,
  not_before DOUBLE PRECISION NOT NULL,
  attempt INTEGER DEFAULT '0' NOT NULL,
  lease_token TEXT,
  lease_until DOUBLE PRECISION,
  approved_by TEXT DEFAULT '' NOT NULL,
  approved_at DOUBLE PRECISION NOT NULL,
  by_rule BOOLEAN DEFAULT false NOT NULL,
  warnings JSON,
  reply TEXT DEFAULT '' NOT NULL,
  error TEXT DEFAULT '' NOT NULL,
  sent_at DOUBLE PRECISION,
  filed_at DOUBLE PRECISION,
  filed_as TEXT DEFAULT '' NOT NULL,
  updated_at DOUBLE PRECISION,
  CONSTRAINT pk_outbox PRIMARY KEY (id),
  CONSTRAINT outbox_phase CHECK (phase IN ('', 'claimed', 'data', 'accepted')),
  CONSTRAINT fk_outbox_thread_id FOREIGN KEY(thread_id) REFERENCES threads (id),
  CONSTRAINT fk_outbox_mailbox_id FOREIGN KEY(mailbox_id) REFERENCES mailboxes (id),
  CONSTRAINT fk_outbox_draft_id FOREIGN KEY(draft_id) REFERENCES drafts (id),
  CONSTRAINT uq_outbox_message_id UNIQUE (message_id)
)
;
CREATE INDEX ix_outbox_open ON outbox (not_before) WHERE state IN ('held', 'queued', 'retry', 'sending', 'in_doubt')
;
CREATE INDEX ix_outbox_thread_id ON outbox (thread_id)
;
CREATE UNIQUE INDEX uq_outbox_draft ON outbox (draft_id, draft_version) WHERE state != 'cancelled'
;
CREATE TABLE relations (
  id SERIAL NOT NULL,
  from_id INTEGER NOT NULL,
  to_id INTEGER NOT NULL,
  kind TEXT DEFAULT '' NOT NULL,
  confidence DOUBLE PRECISION DEFAULT 0.0 NOT NULL,
  CONSTRAINT pk_relations PRIMARY KEY (id),
  CONSTRAINT uq_relations_from_id_to_id_kind UNIQUE (from_id, to_id, kind),
  CONSTRAINT fk_relations_from_id FOREIGN KEY(from_id) REFERENCES entries (id) ON DELETE CASCADE,
  CONSTRAINT fk_relations_to_id FOREIGN KEY(to_id) REFERENCES entries (id) ON DELETE CASCADE
)
;
CREATE INDEX ix_relations_from_id ON relations (from_id)
;
CREATE INDEX ix_relations_to_id ON relations (to_id)
;
CREATE TABLE releases (
  content_hash TEXT NOT NULL,
  message_id INTEGER,
  released_by TEXT DEFAULT '' NOT NULL,
  why TEXT DEFAULT '' NOT NULL,
  at DOUBLE PRECISION NOT NULL,
  CONSTRAINT pk_releases PRIMARY KEY (content_hash),
  CONSTRAINT fk_releases_message_id FOREIGN KEY(message_id) REFERENCES messages (id)
)
;
CREATE TABLE run_steps (
  run_id INTEGER NOT NULL,
  step TEXT NOT NULL,
  position INTEGER DEFAULT '0' NOT NULL,
  output JSON,
  ms DOUBLE PRECISION DEFAULT 0.0 NOT NULL,
  attempt INTEGER DEFAULT '0' NOT NULL,
  model TEXT DEFAULT '' NOT NULL,
  prompt_version TEXT DEFAULT '' NOT NULL,
  tokens_in INTEGER DEFAULT '0' NOT NULL,
  tokens_evaluated INTEGER DEFAULT '0' NOT NULL,
  tokens_out INTEGER DEFAULT '0' NOT NULL,
  started_at DOUBLE PRECISION,
  finished_at DOUBLE PRECISION,
  CONSTRAINT pk_run_steps PRIMARY KEY (run_id, step),
  CONSTRAINT fk_run_steps_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
)
;
CREATE TABLE message_search (
  message_id INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
  document TSVECTOR NOT NULL
)
;
CREATE INDEX ix_message_search_document ON message_search USING gin (document)
;
CREATE FUNCTION message_search_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO message_search (message_id, document)
  VALUES (new.id, to_tsvector('simple',
    left(new.subject || ' ' || new.from_name || ' ' || new.from_addr || ' ' || new.text, 200000)))
  ON CONFLICT (message_id) DO UPDATE SET document = excluded.document;
  RETURN new;
END $$
;
CREATE TRIGGER message_search_insert AFTER INSERT OR UPDATE OF subject, text, from_name, from_addr ON messages
  FOR EACH ROW EXECUTE FUNCTION message_search_write()
;
