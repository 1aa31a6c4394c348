"""Starts a trainer, ends all of it, and reads what it prints."""
