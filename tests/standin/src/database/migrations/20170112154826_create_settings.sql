CREATE TABLE settings (
  id bigserial PRIMARY KEY,
  var varchar NOT NULL UNIQUE,
  value text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
