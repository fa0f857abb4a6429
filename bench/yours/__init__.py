"""What the commands about the reader's own print: tables, advice, code, the calculator's address; and of functions."""
