"""What a stack has run: its updates, the commits they came from, and the way back."""
