CREATE SEQUENCE statuses_id_seq;
CREATE TABLE statuses (
  id bigint DEFAULT timestamp_id('statuses') PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  uri varchar,
  url varchar,
  text text NOT NULL DEFAULT '',
  spoiler_text text NOT NULL DEFAULT '',
  sensitive boolean NOT NULL DEFAULT false,
  visibility integer NOT NULL DEFAULT 0,
  language varchar,
  local boolean,
  in_reply_to_id bigint,
  application_id bigint,
  ordered_media_attachment_ids bigint[],
  deleted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX index_statuses_on_uri ON statuses (uri) WHERE uri IS NOT NULL;
CREATE INDEX index_statuses_20190820 ON statuses (account_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX index_statuses_public ON statuses (id DESC) WHERE visibility = 0 AND deleted_at IS NULL;
CREATE TABLE mentions (
  id bigserial PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  status_id bigint NOT NULL REFERENCES statuses ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (account_id, status_id)
);
