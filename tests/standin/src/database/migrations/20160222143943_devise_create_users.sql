CREATE TABLE users (
  id bigserial PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  email varchar NOT NULL DEFAULT '',
  encrypted_password varchar NOT NULL DEFAULT '',
  reset_password_token varchar,
  reset_password_sent_at timestamptz,
  confirmation_token varchar,
  confirmed_at timestamptz,
  confirmation_sent_at timestamptz,
  approved boolean NOT NULL DEFAULT true,
  disabled boolean NOT NULL DEFAULT false,
  otp_required_for_login boolean NOT NULL DEFAULT false,
  locale varchar,
  chosen_languages varchar[],
  current_sign_in_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX index_users_on_email ON users (email);
CREATE UNIQUE INDEX index_users_on_reset_password_token ON users (reset_password_token) WHERE reset_password_token IS NOT NULL;
CREATE INDEX index_users_on_account_id ON users (account_id);
