ALTER TABLE users ADD COLUMN age_verified_at timestamptz;
