CREATE INDEX index_notifications_on_from_account_id ON notifications (from_account_id);
