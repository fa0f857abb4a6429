"""What a parent with its children costs, by each way to load them: each script says what one loses by it."""
