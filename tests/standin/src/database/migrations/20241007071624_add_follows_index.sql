CREATE INDEX index_follows_on_target_account_id ON follows (target_account_id, account_id);
