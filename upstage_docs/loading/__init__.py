"""What loaders and readers of both frameworks share: files become records, with progress and a report."""
