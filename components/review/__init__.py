"""What a change does to training runs, for the one who reviews it."""
