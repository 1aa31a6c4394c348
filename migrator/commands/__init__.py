"""One file a command: `add_parser` describes it, `run` does it. Importing one imports nothing heavy."""
