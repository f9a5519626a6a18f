"""The checklist, the checks, and what an audit saw."""
