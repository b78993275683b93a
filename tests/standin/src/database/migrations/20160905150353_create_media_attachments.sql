CREATE SEQUENCE media_attachments_id_seq;
CREATE TABLE media_attachments (
  id bigint DEFAULT timestamp_id('media_attachments') PRIMARY KEY,
  account_id bigint REFERENCES accounts ON DELETE SET NULL,
  status_id bigint REFERENCES statuses ON DELETE SET NULL,
  file_file_name varchar,
  file_content_type varchar,
  file_file_size bigint,
  type integer NOT NULL DEFAULT 0,
  processing integer,
  file_meta jsonb,
  remote_url varchar NOT NULL DEFAULT '',
  description text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX index_media_attachments_on_status_id ON media_attachments (status_id);
