ALTER TABLE accounts ADD COLUMN attribution_domains varchar[] DEFAULT '{}';
