ALTER TABLE articles ADD COLUMN imported TEXT DEFAULT '' NOT NULL
;
UPDATE articles SET imported = content_hash WHERE source = 'file'
;
