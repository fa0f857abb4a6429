"""What runs, keeps and shows the scripts: how they are run, what is stored of what they write, and the pages."""
