CREATE TABLE keypairs (
  id bigserial PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  uri varchar NOT NULL UNIQUE,
  type integer NOT NULL DEFAULT 0,
  public_key text NOT NULL,
  private_key text,
  require_private_key boolean NOT NULL DEFAULT false,
  revoked boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX index_keypairs_on_account_id ON keypairs (account_id);
