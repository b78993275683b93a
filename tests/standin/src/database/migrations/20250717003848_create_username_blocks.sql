CREATE TABLE username_blocks (
  id bigserial PRIMARY KEY,
  username varchar NOT NULL,
  normalized_username varchar NOT NULL UNIQUE,
  exact boolean NOT NULL DEFAULT false,
  allow_with_approval boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE accounts ADD COLUMN id_scheme integer DEFAULT 0;
