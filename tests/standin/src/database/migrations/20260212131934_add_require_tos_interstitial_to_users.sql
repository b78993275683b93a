ALTER TABLE users ADD COLUMN require_tos_interstitial boolean NOT NULL DEFAULT false;
