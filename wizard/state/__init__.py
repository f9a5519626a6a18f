"""Files on disk: safe YAML, private files, status file, configuration, answers, our content."""
