"""A paper summarised, every sentence marked where it stands: `python examples/paper_reader.py paper.pdf summary.pdf`.

Section by section (map), then over the sections (reduce); the references are left out. UPSTAGE_API_KEY or
UPSTAGE_DOCS_ENGINE=local says who reads the file.
"""

import sys

from langchain_core.language_models import BaseChatModel
from scripted_chat import ScriptedChat, summarise

from langchain_upstage_docs import UpstageDocumentParseLoader, section_documents
from upstage_docs.evidence import cite, highlight, read_answer

MODEL = ScriptedChat(script=summarise)  # from langchain_upstage import ChatUpstage; MODEL = ChatUpstage()
MAP = (
    "Summarise this section of a paper in one or two sentences. Behind each sentence put the words that it rests on, "
    'as they stand, in quotation marks, and the number of the section: It grew. "an increase of 3 %" [1]'
)
REDUCE = "Make a summary of the paper of these sentences: choose and order, and keep quotes and numbers as they are."


def main(path: str, target: str, model: BaseChatModel = MODEL) -> None:
    """Print the summary with its citations, and write the pages with the words that it rests on marked to *target*."""
    sections = section_documents(UpstageDocumentParseLoader(path).load())
    told = [
        model.invoke([("system", MAP), ("human", f"[{number}] {cite(section)}\n{section.page_content}")]).text
        for number, section in enumerate(sections, start=1)
    ]
    summary = read_answer(model.invoke([("system", REDUCE), ("human", "\n".join(told))]).text, sections)
    if not summary.is_supported:
        sys.exit(f"The summary says what the paper does not: {', '.join(summary.unsupported)}")
    for statement in summary.statements:
        print(f"{statement.text} ({'; '.join(statement.citations)})")
    first, *others = [page.image for page in highlight(summary.places())]
    first.save(target, save_all=True, append_images=others)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
