"""What the tool hands to other programs and people: JSON documents and the support bundle."""
