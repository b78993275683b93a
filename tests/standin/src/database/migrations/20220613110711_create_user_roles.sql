CREATE TABLE user_roles (
  id bigserial PRIMARY KEY,
  name varchar NOT NULL DEFAULT '',
  color varchar NOT NULL DEFAULT '',
  position integer NOT NULL DEFAULT 0,
  permissions bigint NOT NULL DEFAULT 0,
  highlighted boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE users ADD COLUMN role_id bigint REFERENCES user_roles ON DELETE SET NULL;
