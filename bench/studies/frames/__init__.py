"""What do rows of three shapes take in frames, and in what other stacks keep? On a server of its own."""
