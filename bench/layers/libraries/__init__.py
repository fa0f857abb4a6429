"""One module a library: how it reads rows into objects of its own. A process that reads imports the one it needs."""
