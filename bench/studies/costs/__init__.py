"""What does a row cost in each scenario, what does each remedy change, and what does it cost with another stack?"""
