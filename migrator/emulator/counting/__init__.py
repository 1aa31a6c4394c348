"""What a run did that costs time on a real card, by line of the user's program."""
