CREATE TABLE notifications (
  id bigserial PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  from_account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  activity_id bigint NOT NULL,
  activity_type varchar NOT NULL,
  type varchar,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (account_id, activity_id, activity_type)
);
