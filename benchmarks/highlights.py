"""The rows of the table of figures that the README shows, in English and in Korean."""

from __future__ import annotations

from figure_kinds import Highlight

HIGHLIGHTS = (
    Highlight(
        "questions on tables answered, chunks of 300 characters",
        "표에 대한 질문에 답한 비율, 300자 청크",
        "retrieval/splitters",
        "tables, 300",
        "ours, Markdown",
    ),
    Highlight(
        "captions that find their table, chart or figure first",
        "캡션으로 검색했을 때 해당 표·차트·그림이 1위인 비율",
        "retrieval/splitters",
        "found first",
        "ours, Markdown",
    ),
    Highlight(
        "seconds for a PDF of 1,000 pages, from a stand-in for the API",
        "1,000쪽 PDF 한 개에 걸린 시간(초), API 모의 서버 사용",
        "plugins/plugins",
        "wall s",
        "`Client`, ten parts at once, 1,000 pages",
    ),
    Highlight(
        "pages per second of CPU, elements to chunks",
        "CPU 1초에 나누는 페이지 수, 요소 → 청크",
        "splitting/chunks",
        "pages/s",
        "ours, tables whole, Documents",
    ),
    Highlight(
        "local engine on eighty pages of DP-Bench, forty of them known to its rules, overall score",
        "로컬 엔진의 DP-Bench 80쪽 종합 점수 (40쪽은 규칙을 만들 때 참고)",
        "quality/scores",
        "overall",
        "ours, with OCR",
    ),
)
