"""The API's protocol without a network: builds requests, and decodes answers and errors."""
