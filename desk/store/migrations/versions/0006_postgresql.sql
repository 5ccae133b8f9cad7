ALTER TABLE articles ADD COLUMN authority TEXT DEFAULT 'article' NOT NULL
;
ALTER TABLE articles ADD COLUMN valid_from TEXT DEFAULT '' NOT NULL
;
ALTER TABLE articles ADD COLUMN valid_until TEXT DEFAULT '' NOT NULL
;
ALTER TABLE articles ADD COLUMN supersedes JSON
;
ALTER TABLE articles ADD COLUMN compared TEXT DEFAULT '' NOT NULL
;
CREATE TABLE disagreements (
  article_id TEXT NOT NULL,
  other_id TEXT NOT NULL,
  said TEXT DEFAULT '' NOT NULL,
  other_said TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_disagreements PRIMARY KEY (article_id, other_id)
)
;
