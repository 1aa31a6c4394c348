"""What is looked at before anything is emulated: torch's version, Gaudi's own software, its migration toolkit."""
