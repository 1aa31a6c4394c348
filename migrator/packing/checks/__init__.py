"""`migrate pack --check`: whether a packed folder holds what it should, by itself and beside the original."""
