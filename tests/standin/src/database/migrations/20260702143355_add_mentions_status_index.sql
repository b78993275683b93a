CREATE INDEX index_mentions_on_status_id ON mentions (status_id);
