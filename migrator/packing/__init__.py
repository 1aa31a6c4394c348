"""Packing padded sequences into full rows: plans, shards in and out, checks."""
