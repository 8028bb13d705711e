"""The translation that a stand-in for a chat model knows: of the letter of these examples, line by line."""

import re

LETTER = {
    "보고": "Dear mother, whom I miss,",
    "오늘": "This morning the first snow fell.",
    "시장": "At the market I bought apples and pears.",
    "동생": "My brother is doing well at school.",
    "다음": "Next month I will come home.",
    "건강": "Stay healthy.",
    "사랑": "Your loving daughter",
}


def translate_letter(prompt: str) -> str:
    """Translate the numbered lines of the letter of these examples, by their first words."""
    lines = re.findall(r"^(\d+)\. (\S\S)", prompt, re.MULTILINE)
    return "\n".join(f"{number}. {LETTER[word]}" for number, word in lines if word in LETTER)
