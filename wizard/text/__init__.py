"""Pure text handling: pastes, phone numbers, foreign text, redaction, secrets, durations."""
