"""What to write instead, each with the line of the reader's code and what it saves, as far as the figures show it."""
