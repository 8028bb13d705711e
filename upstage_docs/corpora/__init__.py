"""Large collections of documents, read on more than one machine."""
