CREATE TABLE ip_blocks (
  id bigserial PRIMARY KEY,
  ip inet NOT NULL DEFAULT '0.0.0.0' UNIQUE,
  severity integer NOT NULL DEFAULT 0,
  expires_at timestamptz,
  comment text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
