"""Which names of habana_frameworks there are, and the error for the others."""
