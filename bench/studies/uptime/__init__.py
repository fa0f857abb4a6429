"""What grows while a process answers requests for days, and what stops it?"""
