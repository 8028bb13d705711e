"""The store on disk: answers that were paid for, running jobs, and requests whose outcome is not known."""
