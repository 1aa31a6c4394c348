"""What a person and a program see of a migration: diffs, records, logs, reports."""
