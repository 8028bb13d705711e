"""Elements become records: text, metadata and ids."""
