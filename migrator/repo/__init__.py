"""The edges: upstreams, the output repository, locks. The only users of git and of the file system."""
