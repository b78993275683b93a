CREATE TABLE custom_filters (
  id bigserial PRIMARY KEY,
  account_id bigint REFERENCES accounts ON DELETE CASCADE,
  phrase text NOT NULL DEFAULT '',
  context varchar[] NOT NULL DEFAULT '{}',
  action integer NOT NULL DEFAULT 0,
  expires_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE lists (
  id bigserial PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  title varchar NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
