"""The store on disk of what was paid for: answers, jobs and open intents."""
