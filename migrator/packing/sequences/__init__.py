"""Sequences as arrays: out of padded or packed rows, and back into them. Pure; no file is touched here."""
