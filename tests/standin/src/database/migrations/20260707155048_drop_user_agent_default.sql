ALTER TABLE session_activations ALTER COLUMN user_agent DROP DEFAULT;
