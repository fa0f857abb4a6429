"""What does the process's memory look like over time? Sampled from outside, every 10 milliseconds."""
