ALTER TABLE users ADD COLUMN last_emailed_challenge_at timestamptz;
