"""What is called, with what: found by its name, given its arguments, called; a function or an application."""
