CREATE FUNCTION timestamp_id(table_name text) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
  BEGIN
    RETURN ((date_part('epoch', clock_timestamp()) * 1000)::bigint << 16) | (nextval(table_name || '_id_seq') & 65535);
  END
$$;
CREATE SEQUENCE accounts_id_seq;
CREATE TABLE accounts (
  id bigint DEFAULT timestamp_id('accounts') PRIMARY KEY,
  username varchar NOT NULL DEFAULT '',
  domain varchar,
  private_key text,
  public_key text NOT NULL DEFAULT '',
  display_name varchar NOT NULL DEFAULT '',
  note text NOT NULL DEFAULT '',
  uri varchar NOT NULL DEFAULT '',
  url varchar,
  inbox_url varchar NOT NULL DEFAULT '',
  shared_inbox_url varchar NOT NULL DEFAULT '',
  actor_type varchar,
  locked boolean NOT NULL DEFAULT false,
  suspended_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX index_accounts_on_username_and_domain_lower ON accounts (lower(username), coalesce(lower(domain), ''));
CREATE INDEX index_accounts_on_uri ON accounts (uri);
