"""What does a row cost on its way into a table, by each way to write it?"""
