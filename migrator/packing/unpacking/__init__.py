"""`migrate unpack`: the sequences of a packed folder, one a row."""
