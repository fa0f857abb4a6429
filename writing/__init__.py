"""What a row costs on its way into a table, by each way to write it: each script says what one loses by it."""
