"""What both integrations share: files become records, with progress and a report."""
