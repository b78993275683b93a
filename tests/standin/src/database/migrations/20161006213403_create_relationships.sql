CREATE TABLE follows (
  id bigserial PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  target_account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  uri varchar,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (account_id, target_account_id)
);
CREATE TABLE follow_requests (LIKE follows INCLUDING ALL);
CREATE TABLE blocks (LIKE follows INCLUDING ALL);
CREATE TABLE mutes (LIKE follows INCLUDING ALL);
