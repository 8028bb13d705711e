"""Recognises text in pictures, as words with boxes and confidences."""
