"""Message templates as files: their form, Meta's rules for them, and what differs from Meta.

Pure but for reading and writing the files: nothing here asks Meta.
"""
