"""The API without a network: requests out of options, models and errors out of responses."""
