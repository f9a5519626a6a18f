"""What Meta says, as plain values: parsers, models, reads, discovery of what a token reaches."""
