"""The reader's own function: run by the interpreter of its project, measured, and told on one page."""
