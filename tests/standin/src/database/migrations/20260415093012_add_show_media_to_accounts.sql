ALTER TABLE accounts ADD COLUMN show_media boolean NOT NULL DEFAULT true;
