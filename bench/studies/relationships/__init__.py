"""What does a parent with its children cost, by each way to load them?"""
