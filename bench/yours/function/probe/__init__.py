"""What runs in the reader's interpreter, Python 3.9 or newer, of the standard library alone: it is sent as a text.

It imports the reader's code, runs it with one instrument, and writes what that found, never a value, into a file.
"""
