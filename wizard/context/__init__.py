"""What one run works with: its settings, and its parts, built once."""
