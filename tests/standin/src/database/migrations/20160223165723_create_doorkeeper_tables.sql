CREATE TABLE oauth_applications (
  id bigserial PRIMARY KEY,
  name varchar NOT NULL,
  uid varchar NOT NULL UNIQUE,
  secret varchar NOT NULL,
  redirect_uri text NOT NULL,
  scopes varchar NOT NULL DEFAULT '',
  website varchar,
  superapp boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE oauth_access_grants (
  id bigserial PRIMARY KEY,
  token varchar NOT NULL UNIQUE,
  application_id bigint NOT NULL REFERENCES oauth_applications ON DELETE CASCADE,
  resource_owner_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
  redirect_uri text NOT NULL,
  scopes varchar,
  code_challenge varchar,
  code_challenge_method varchar,
  expires_in integer NOT NULL,
  revoked_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE oauth_access_tokens (
  id bigserial PRIMARY KEY,
  token varchar NOT NULL UNIQUE,
  application_id bigint REFERENCES oauth_applications ON DELETE CASCADE,
  resource_owner_id bigint REFERENCES users ON DELETE CASCADE,
  scopes varchar,
  expires_in integer,
  revoked_at timestamptz,
  last_used_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
