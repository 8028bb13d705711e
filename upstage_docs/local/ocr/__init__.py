"""Pictures of text become words with boxes and confidences."""
