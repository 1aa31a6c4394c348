"""HDF5 shards of BERT-style pre-training data: what is in them, reading and writing them chunk by chunk."""
