"""What the commands about the reader's own table print: tables, advice, code, and the calculator's address."""
