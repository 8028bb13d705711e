"""A letter translated on its own paper: `python examples/letter_translator.py letter.png translated.png`.

Lines are recognised with their confidence, doubtful words are marked for the model, and the translation is laid over
the picture. UPSTAGE_API_KEY or UPSTAGE_DOCS_ENGINE=local says who reads it; real handwriting needs Upstage.
"""

import sys

from langchain_core.language_models import BaseChatModel
from scripted_chat import ScriptedChat
from scripted_translator import translate_letter

from langchain_upstage_docs import UpstageOCRLoader
from upstage_docs.evidence import overlay, read_numbered_lines, uncertain

MODEL = ScriptedChat(script=translate_letter)  # from langchain_upstage import ChatUpstage; MODEL = ChatUpstage()
RULES = (
    "Translate this handwritten Korean letter into English, line by line, each line under its number. A word marked "
    "[?] was hard to read: take the likeliest word that fits."
)


def main(path: str, target: str, model: BaseChatModel = MODEL) -> None:
    """Print each line with its confidence and its translation, and write the translated letter to *target*."""
    lines = UpstageOCRLoader(path, split="line").load()
    read = [uncertain(line, below=0.8) for line in lines]
    numbered = "\n".join(f"{number}. {line}" for number, line in enumerate(read, start=1))
    texts = read_numbered_lines(model.invoke([("system", RULES), ("human", numbered)]).text, len(lines))
    for line, seen, text in zip(lines, read, texts, strict=True):
        print(f"{line.metadata['confidence']:.2f}  {seen}  →  {text or '(not translated)'}")
    overlay(lines, texts)[0].save(target)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
