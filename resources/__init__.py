"""What ships with Wildscribe and is no code."""
