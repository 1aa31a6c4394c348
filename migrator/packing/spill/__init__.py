"""All sequences of the input between the two passes of packing: compact, in files beside the output."""
