"""What was paid for, on disk: answers, jobs and open intents."""
