"""Questions about financial statements: `python examples/financial_statement_qa.py statement.pdf "당기 자산총계는?"`.

Every figure of an answer stands in the passage that it cites, with its unit; otherwise there is no answer. What is
cited is written as pictures beside the file. UPSTAGE_API_KEY or UPSTAGE_DOCS_ENGINE=local says who reads the file.
"""

import sys

from langchain_core.language_models import BaseChatModel
from scripted_chat import ScriptedChat, answer_by_words

from langchain_upstage_docs import (
    TableAwareTextSplitter,
    UpstageDocumentParseLoader,
    UpstageDocumentRetriever,
    row_documents,
)
from upstage_docs.evidence import CheckedAnswer, crop, number_passages, read_answer

MODEL = ScriptedChat(script=answer_by_words)  # from langchain_upstage import ChatUpstage; MODEL = ChatUpstage()
RULES = (
    "Answer from the passages alone, in the language of the question: each figure as it stands, with title, period and "
    "unit, each sentence with the number of its passage, as [1]. If the figure is not there, say so and cite nothing."
)


def ask(path: str, question: str, model: BaseChatModel = MODEL) -> CheckedAnswer:
    """Return the answer of *model* to *question*, read against the rows and chunks that were found for it."""
    documents = UpstageDocumentParseLoader(path).load()
    chunks = TableAwareTextSplitter().split_documents(documents)
    found = UpstageDocumentRetriever([*row_documents(documents), *chunks], k=6).invoke(question)
    reply = model.invoke([("system", RULES), ("human", f"{number_passages(found)}\n\nQuestion: {question}")])
    return read_answer(reply.text, found)


def main(path: str, question: str, model: BaseChatModel = MODEL) -> None:
    """Print the answer and where it stands, and write pictures of that; refuse what the document does not tell."""
    answer = ask(path, question, model)
    if not answer.is_supported:
        sys.exit(f"The document supports no answer: {', '.join(answer.unsupported) or 'no passage was cited'}.")
    for number, statement in enumerate(answer.statements):
        print(statement.text, *(f"({citation})" for citation in statement.citations))
        for picture in crop(statement.items) if statement.items else ():
            picture.save(f"{path.removesuffix('.pdf')}-{number}-page-{picture.page}.png")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
