CREATE TABLE session_activations (
  id bigserial PRIMARY KEY,
  session_id varchar NOT NULL UNIQUE,
  user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
  ip inet,
  user_agent varchar NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
