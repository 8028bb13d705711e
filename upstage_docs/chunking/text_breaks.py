"""Finds where a long text may be cut: between lines, sentences, clauses and words, never inside markup."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from upstage_docs.chunking.masking import equations
from upstage_docs.records.heading_numbering import SQUARES
from upstage_docs.records.marked_titles import holds_square
from upstage_docs.records.patterns import compile_when_used
from upstage_docs.records.render import TAG_NAMES

# The API's HTML is not escaped, so only these names make a tag; anything else in angle brackets is text.
_NAMES = f"{TAG_NAMES}|img|title"
# `<b x>` after a variable is text too: what a tag holds has names and values. So many, so that time stays linear.
_TAG = rf"</?(?:{_NAMES})(?:\s+[\w:-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>=]+)){{0,50}}\s*/?>"
TAG = re.compile(_TAG, re.IGNORECASE)
# Few tags stand before a text; `re` keeps half a kilobyte for each that it may have to go back to.
_BARE_TAGS_AND_WORD = compile_when_used(rf"(?:</?(?:{_NAMES})>){{1,50}}[^\W_]")
_LINE_TAG = compile_when_used(
    r"<br|</(?:p|li|div|tr|h[1-6]|ul|ol|pre|blockquote|dd|dt|header|footer|caption)\b", re.IGNORECASE
)
_FULL_STOPS, _CLAUSE_MARKS = "。！？｡．။។།։", "，、；：､…‥၊"
_IN_NUMBER = r"(?<=[０-９0-9][，．])[０-９0-9]"  # １，２３４
_CLAUSE_ENDS = frozenset(",;:—–،؛")  # and white space after it: no part of a number or a name
_IDEOGRAPHS = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003134f"
_CLOSING = "”’」』）】〉》〕〗\\\"'"
# Thai is written without spaces between words. Of the places before these words 97 % begin a word (measured with a
# dictionary on 150,000 letters of messages), of those before a vowel that stands before its consonant 83 %, of all
# between two characters 29 %. Lao has such vowels, too.
_THAI = r"\u0e01-\u0e5b\u0e81-\u0edf"
_WORDS_OF_THAI = "และ|ที่|ซึ่ง|เพื่อ|ของ|จะ|ไม่|โดย|หรือ|กับ|ต้อง|ถูก|แล้ว|ใช้|เมื่อ|สำหรับ|ถ้า|ด้วย|ระหว่าง|ทั้ง|คือ|เข้า|ขึ้น"
_KATAKANA = r"\u30a1-\u30fa\u30fc\uff66-\uff9d"  # a run of it is one word
# What is part of the sign before it: accents, marks of voiced kana, variants of a sign.
_MARKS = r"\u0300-\u036f\u200d\u20d0-\u20ff\u3099\u309a\ufe00-\ufe0f\uff9e\uff9f\U000e0100-\U000e01ef"
_TOKEN = compile_when_used(
    # Any that follows begins so: looked at alone, it takes half the time.
    rf"(?=[<\s.!?,;:{_FULL_STOPS}{_CLAUSE_MARKS}—―{_IDEOGRAPHS}{_THAI}])"
    rf"(?:(?P<tag>{_TAG})|(?P<gap>\s+(?![{_MARKS}]))"
    # Full-width stops need no space after them; Korean that was read by OCR often lost it.
    rf"|(?P<stop>[{_FULL_STOPS}]+(?!{_IN_NUMBER})[{_CLOSING}]*|(?<=[가-힣])[.!?]+[”’」』]*(?=[“‘「『]?[가-힣])|(?<=[{_IDEOGRAPHS}])[.!?]+(?=[{_IDEOGRAPHS}]))"
    rf"|(?P<clause>[{_CLAUSE_MARKS}]+(?!{_IN_NUMBER})[{_CLOSING}]*|・{{2,}}|[—―]{{2,}}|(?<=[{_IDEOGRAPHS}])[,;:]+(?=[{_IDEOGRAPHS}]))"
    rf"|(?P<ideograph>(?![{_KATAKANA}][{_KATAKANA}])[{_IDEOGRAPHS}])"
    rf"|(?P<word>(?<=[{_THAI}])(?={_WORDS_OF_THAI}))"
    rf"|(?P<syllable>[{_KATAKANA}]|(?<=[{_THAI}])(?=[\u0e40-\u0e44\u0ec0-\u0ec4])))",
    re.DOTALL | re.IGNORECASE,
)
# A line of Chinese or Japanese does not begin with these.
_NO_START = frozenset(
    "，。、．！？；：」』）】〉》”’…‥・―—ー々ゝゞぁぃぅぇぉっゃゅょァィゥェォッャュョ!?.,;:)]}\"'､｡ｰ｣〕〗ゎゕゖヮヵヶ%％℃"
)
# What a blank sets off from its word and a line does not begin with: 3,5 %, 20 €, « oui » !
_SET_OFF = re.compile(r"[%‰;:!?»](?!\w)|(?<=\d\s)[€$£¥₩°](?!\s?\d)")
_CLOSERS = "\"'”’」』）】〉》)]"
_ENDERS = frozenset(".!?…。！？؟۔।॥")
# A word of Korean that ends a clause: after a comma, or a verb with a connective ending. Nouns that end alike, such as
# 보고 and 화면, are left out; so many signs of it are looked at.
_KOREAN_CLAUSE = compile_when_used(
    r"[가-힣\d%)][,;:]\Z|[가-힣](?:며|지만|는데|은데|던데|면서|므로|니까|거나|도록|아서|어서|하여|되어|으나|하되)\Z"
    r"|[하되이있없였했었았겠않같]고\Z"
)
# A sentence of Korean whose full stop was not read.
_KOREAN_SENTENCE = re.compile(
    r"[가-힣](?:(?:니|[였었았했됐겠])다|[였었았했됐겠](?:음|죠)|(?:[어아해네데까세예에]요))\Z|[컸갔왔났섰](?:다|음)\Z"
)
_ENDS_IN_THAI = re.compile(rf"[{_THAI}]\Z")  # a space there is a pause
_LONGEST_ENDING = 6  # characters at the end of a word; those two expressions look at three
# A text is cut after a sentence or a clause that ends behind one in so many parts of what fits. Measured on 858
# questions at 300 characters: sentences only in the second half hold .984 of the answers, behind a quarter .987,
# anywhere .987; with clauses behind a quarter, too, in place of words of the second half, .988.
_EARLIEST_END = 4
_ABBREVIATION = compile_when_used(
    r"(?:\A|[\s(])(?:[A-Za-z]|\d{1,2}|Dr|Mr|Mrs|Ms|Prof|Figs?|No|Vol|vs|e\.g|i\.e|cf|al|St|Eq|pp|Sec|Ch|approx|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Jr|Sr|Mio|Mrd|bzw|ca|vgl|Nr|Art|Abs)\.\Z"
)
_YEAR_OF_DATE = re.compile(r"(?:19|20)\d\d\.[ \t]+\d{1,2}\.")  # 2031. 3. 15.
# Characters looked at for what ends a sentence: the signs behind its stop, an abbreviation, an entity.
_MOST_CLOSERS, _LONGEST_ABBREVIATION, _LONGEST_ENTITY = 4, 8, 33
_FAR = 8  # times as many characters as are guessed to fit: farther on nothing is measured
_AHEAD = 64  # characters beyond those that are measured, for words that end a little later
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|\w{1,31});")

_ALT = re.compile(r"\salt=(?:\"\s*[^\"\s]|'\s*[^'\s])")

# What stands around code in HTML; a paragraph does where it is the API's own, which names a category.
_BEGIN_OF_CODE = (
    r"\s*(?:(?:<br\s*/?>\s*)*<(?:pre(?=[\s>])|(?P<p>p)(?=\s[^<>]*\bdata-category=))[^<>]*>\s*)?(?:<code\b[^<>]*>\s*)?"
)
_NO_CODE = re.compile(rf"{_BEGIN_OF_CODE}(?:</code\s*>\s*)?(?:</(?(p)p|pre)\s*>\s*)?\Z", re.IGNORECASE)
_CODE = re.compile(_BEGIN_OF_CODE, re.IGNORECASE)

# What lines of Korean reports begin with: a list is cut before a square, or else a circle, and a remark stays with the
# line above. Markdown may have a dash in front.
_MARKER = re.compile(rf"(?:- )?(?:(?P<square>[{SQUARES}])|(?P<circle>[○●◦◯❍]|ㅇ(?=\s))|(?P<remark>※))")
_MARKED_LINE = re.compile(rf"(?:[\r\n>]|\A)(?:- )?[{SQUARES}○●◦◯❍ㅇ※]")

_UNKNOWN, _SYLLABLE, _WORD, _CLAUSE, _SENTENCE, _LINE, _PARAGRAPH, _CIRCLE, _SQUARE = range(9)


def has_words(text: str) -> bool:
    """Return whether *text* has words outside its markup."""
    if "<" not in text:
        return bool(text) and not text.isspace()
    inside = text.find(">") + 1
    if text[inside : inside + 1].isalnum() or _BARE_TAGS_AND_WORD.match(text, inside):
        return True  # right after a tag, or in text that holds a sign
    position = 0
    for tag in TAG.finditer(text):
        if position < tag.start() and not text[position : tag.start()].isspace():
            return True
        position = tag.end()
    return bool(text[position:].strip()) or bool(_ALT.search(text))


def has_code(text: str) -> bool:
    """Return whether *text*, which is code, has content: tags in it count, those around it (`<pre><code>`) do not."""
    return not _NO_CODE.match(text)


def says_something(text: str, *, code: bool) -> bool:
    """Return whether *text* has content: by `has_code` if it is *code*, else by `has_words`."""
    return has_code(text) if code else has_words(text)


def end_of_words(text: str) -> int:
    """Return where the last word of *text* ends, or the last picture that has a text; 0 where it says nothing."""
    end = position = 0
    for tag in TAG.finditer(text):
        if before := text[position : tag.start()].rstrip():
            end = position + len(before)
        position = tag.end()
        if _ALT.search(tag[0]):
            end = position
    return position + len(rest) if (rest := text[position:].rstrip()) else end


class Breaks:
    """The places where *text* may be cut, found in one pass.

    Never inside a tag, an entity, an equation or what a reader sees as one character, nor at all if the whole text is
    to be *kept*. A piece ends at `ends[i]` and the next begins at `starts[i]`: the white space between belongs to
    neither. Places before *since* may be left out, for a caller that only needs the end of the text. In *code*, tags
    are words.
    """

    def __init__(self, text: str, *, kept: bool = False, code: bool = False, since: int = 0) -> None:
        self.text = text
        self.ends: list[int] = []
        self.starts: list[int] = []
        self._ranks: list[int] = []
        self._kept: list[tuple[int, int]] = []
        self._marked = not text.isascii() and _holds_marker(text) and _MARKED_LINE.search(text, since) is not None
        ends, starts, ranks = self.ends, self.starts, self._ranks
        runs = iter([(0, len(text))] if kept else equations(text))
        run = next(runs, None)
        around = _CODE.match(text) if code else None
        said = around.end() if around else len(text)
        words, position = (False, 0) if run else _skip(text, since)
        for match in _TOKEN.finditer(text, position):
            start, end = match.span()
            while run and run[0] <= start:
                if run[0] >= position:  # else a tag has it in a value
                    self._kept.append(run)
                    words, position = True, run[1]
                run = next(runs, None)
            if start < position:
                continue
            kind = match.lastgroup
            words = words or start > position or kind in {"stop", "clause", "ideograph", "syllable"}
            position = end
            if kind == "gap":  # as most are: no calls
                if words and starts and starts[-1] == start:
                    starts[-1] = end
                elif words and start:
                    ends.append(start)
                    starts.append(end)
                    ranks.append(_UNKNOWN)
            elif words:
                self._token(match, kind)
            elif kind == "tag":  # no cut between the first tags: a piece of them would say nothing
                self._kept.append((start, end))
                words = start >= said
        self._kept += [*([run] if run else []), *runs]
        if not self.ends or self.ends[-1] < len(text):
            self._break(len(text), len(text), _PARAGRAPH)

    def _token(self, match: re.Match[str], kind: str | None) -> None:
        start, end = match.span()
        if kind == "stop":
            if self.text[end : end + 1] not in _NO_START and self._begins_sign(end):
                self._break(end, end, _SENTENCE)
        elif kind in {"clause", "ideograph"}:
            if self.text[end : end + 1] not in _NO_START and self._begins_sign(end):
                self._break(end, end, _CLAUSE if kind == "clause" else _WORD)
        elif kind in {"word", "syllable"}:
            if self.text[end : end + 1] not in _NO_START:
                self._break(end, end, _WORD if kind == "word" else _SYLLABLE)
        else:
            self._kept.append((start, end))
            if _LINE_TAG.match(match[0]):
                if self.starts and self.starts[-1] == start:
                    rank = max(self._rank(-1), _LINE)
                    self.ends[-1] = self.starts[-1] = end
                    self._ranks[-1] = rank
                else:
                    self._break(end, end, _PARAGRAPH if self._ends_sentence(start) else _LINE)

    def _begins_sign(self, index: int) -> bool:
        """Return whether what a reader sees as one character begins at *index*, or the text ends there."""
        following = self.text[index : index + 1]
        return (
            following < "\u0300"
            or "\u309b" <= following <= "\u9fff"
            or "\u3040" <= following <= "\u3098"
            or _cluster_around(self.text, index)[0] == index
        )

    def _break(self, end: int, start: int, rank: int) -> None:
        self.ends.append(end)
        self.starts.append(start)
        self._ranks.append(rank)

    def _rank(self, index: int) -> int:
        """Return what kind of place a break is; that of white space is worked out where it is asked for."""
        if self._ranks[index] == _UNKNOWN:
            end = self.ends[index]
            gap = self.text[end : self.starts[index]]
            lines = 0 if gap == " " else gap.count("\n") or gap.count("\r")
            if lines > 1:
                rank = _PARAGRAPH
            elif self._ends_sentence(end):
                rank = _PARAGRAPH if lines else _SENTENCE
            elif lines:
                rank = _LINE
            elif not self.text[self.starts[index] : self.starts[index] + 1].isalnum() and _SET_OFF.match(
                self.text, self.starts[index]
            ):
                rank = _SYLLABLE
            else:
                rank = self._rank_of_word(end)
            self._ranks[index] = rank
        return self._ranks[index]

    def _rank_of_line(self, index: int) -> int:
        """Return what kind of place a break is where lines may begin with the markers of Korean reports."""
        rank = self._rank(index)
        if rank < _LINE or not (found := _MARKER.match(self.text, self.starts[index])):
            return rank
        return _SQUARE if found["square"] else _CIRCLE if found["circle"] else _WORD

    def _rank_of_word(self, end: int) -> int:
        """Return what ends with the word at *end*, where no sign ends a sentence: a sentence, a clause or a word."""
        before = self.text[max(0, end - _LONGEST_ENDING) : end]
        if before[-1] in _CLAUSE_ENDS:
            return _CLAUSE
        if before.isascii():
            return _WORD
        if _KOREAN_SENTENCE.search(before):
            return _SENTENCE
        is_clause = before[-1] in _CLAUSE_MARKS or _ENDS_IN_THAI.search(before) or _KOREAN_CLAUSE.search(before)
        return _CLAUSE if is_clause else _WORD

    def _ends_sentence(self, end: int) -> bool:
        text = self.text
        last = end - 1
        while text[last] in _CLOSERS and last > max(0, end - _MOST_CLOSERS):
            last -= 1
        if last < 0 or text[last] not in _ENDERS:
            return False
        if text[last] != ".":
            return True
        if _YEAR_OF_DATE.match(text, max(0, last - 4)):
            return False
        return not _ABBREVIATION.search(text, max(0, last - _LONGEST_ABBREVIATION), last + 1)

    def cut(self, start: int, fits: Callable[[int, int], bool], guess: int) -> tuple[int, int] | None:
        """Return where the piece that begins at *start* ends and where the next one begins, None if no word fits.

        Of all places in the second half of what fits, the last of the best kind is taken: before a line with the
        marker of a section or an item (□, ○), the end of a line that ends a sentence, of a line, of a sentence, of a
        clause, of a word. Where no sentence ends in it, the last that ends before it is taken, but for the first
        quarter: the next one begins a piece of its own and is not cut, if it has room there. So is a clause where no
        clause ends in it, either.

        Args:
            start: Where the piece begins.
            fits: Whether the text between two offsets has room.
            guess: About how many characters have room.
        """
        first = bisect_right(self.ends, start)
        last = self._last_that_fits(start, first, fits, guess)
        if last < first:
            return None
        if last == len(self.ends) - 1:
            return self.ends[last], self.starts[last]
        half = start + (self.ends[last] - start) // 2
        rank_of, highest = (self._rank_of_line, _SQUARE) if self._marked else (self._rank, _PARAGRAPH)
        best, rank = last, rank_of(last)
        for index in range(last - 1, first - 1, -1):
            if self.ends[index] < half or rank == highest:
                break
            if (other := rank_of(index)) > rank:
                best, rank = index, other
        if rank < _SENTENCE:
            quarter = start + (self.ends[last] - start) // _EARLIEST_END
            for index in range(bisect_left(self.ends, half) - 1, first - 1, -1):
                if self.ends[index] < quarter:
                    break
                if (other := rank_of(index)) >= _SENTENCE or (other == _CLAUSE and rank < _CLAUSE):
                    best, rank = index, other
                if rank >= _SENTENCE:
                    break
        return self.ends[best], self.starts[best]

    def _last_that_fits(self, start: int, first: int, fits: Callable[[int, int], bool], guess: int) -> int:
        """Search outwards from the guess, then between: few texts are measured, and none much longer than a chunk."""
        ends = self.ends
        # What is far longer than the guess is not measured: a word of a megabyte would be, once for every piece.
        beyond = bisect_right(ends, start + _FAR * guess + _AHEAD)
        low, high = first - 1, beyond
        index = min(max(bisect_right(ends, start + guess) - 1, first), beyond - 1)
        step = 1
        while low < index < high:
            if fits(start, ends[index]):
                low = index
                index = min(index + step, high - 1)
            else:
                high = index
                index = max(index - step, low + 1)
            step *= 2
            if low >= first and high < beyond:
                index = (low + high) // 2
        return low

    def force(self, start: int, fits: Callable[[int, int], bool], guess: int) -> tuple[int, int]:
        """Cut inside a word: return where the piece ends, at least one character on, and where the next begins."""
        limit = len(self.text)
        low, high = start, min(limit, start + max(1, 2 * guess)) + 1
        while high - low > 1:
            middle = (low + high) // 2
            if fits(start, middle):
                low = middle
            else:
                high = middle
        following = end = self._whole(start, max(low, start + 1))
        while following < limit and self.text[following].isspace():
            following += 1
        return end, following

    def _whole(self, start: int, end: int) -> int:
        """Move *end* back, or if nothing is left forward, out of what must not be cut."""
        text = self.text
        index = bisect_right(self._kept, (end, -1)) - 1
        if index >= 0 and end < self._kept[index][1]:
            kept_start, kept_end = self._kept[index]
            return kept_start if kept_start > start else kept_end
        ampersand = text.rfind("&", max(start, end - _LONGEST_ENTITY), end)
        if ampersand >= 0 and (entity := _ENTITY.match(text, ampersand)) and entity.end() > end:
            if ampersand > start:
                return ampersand
            end = entity.end()
        first, last = _cluster_around(text, end)
        return first if first > start else last

    def tail(self, start: int, end: int, fits: Callable[[int, int], bool], guess: int) -> int:
        """Return where the longest run of whole words at the end of `text[start:end]` that fits begins, else *end*.

        In the half of it that is longest, the beginning of a sentence or line is preferred, or else of a clause.
        """
        first = bisect_left(self.starts, start + 1)
        last = bisect_left(self.starts, end)  # first start that is not inside
        low = min(max(bisect_left(self.starts, end - guess), first), last)
        while low < last and not fits(self.starts[low], end):
            low += max(1, (last - low) // 2)
        if low >= last:
            return end
        half = self.starts[low] + (end - self.starts[low]) // 2
        clause: int | None = None
        for index in range(low, last):
            if self.starts[index] > half:
                break
            if (rank := self._rank(index)) >= _SENTENCE:
                return self.starts[index]
            if rank == _CLAUSE and clause is None:
                clause = index
        return self.starts[low if clause is None else clause]


def _holds_marker(text: str) -> bool:
    """Say whether *text* holds a sign that lines of Korean reports begin with, one of those of `_MARKED_LINE`."""
    circle = "○" in text or "●" in text or "◦" in text or "◯" in text or "❍" in text or "ㅇ" in text
    return circle or "※" in text or holds_square(text)


def _skip(text: str, since: int) -> tuple[bool, int]:
    """Return a place before *since*, in no tag and no white space, and whether there are words before it."""
    words, position = False, 0
    since -= 8  # so that what ends at it is seen whole: closing quotes after a full stop
    for tag in TAG.finditer(text) if since > 0 else ():
        if tag.end() >= since:
            since = min(since, tag.start())
            break
        words = words or bool(text[position : tag.start()].strip())
        position = tag.end()
    plain = text[position : max(since, 0)].rstrip()
    return words or bool(plain), position + len(plain)


# How far on both sides signs that are no ASCII are looked at for what a reader sees as one: the longest picture sign of
# Unicode has 14. Of a run without end nothing is one.
_FARTHEST = 256


def _cluster_around(text: str, index: int) -> tuple[int, int]:
    """Return the span of what a reader sees as one character at *index* (UAX 29), `(index, index)` between two."""
    if not 0 < index < len(text) or (text[index] < "\u0300" and text[index] != "\n"):
        return index, index
    if "\udc00" <= text[index] <= "\udfff" and "\ud800" <= text[index - 1] <= "\udbff":
        return index - 1, index + 1
    start = index - 1
    while start > 0 and index - start < _FARTHEST and not " " <= text[start] < "\x7f":
        start -= 1
    window = text[start : index + _FARTHEST]  # alone: in a run of flags the pattern counts back to its beginning
    for match in _clusters().finditer(window):
        first, last = start + match.start(), start + match.end()
        if last > index:
            goes_on = match.end() == len(window) and last < len(text)
            return (index, index) if goes_on else (first, last)
        if last == index:
            break
    return index, index


@lru_cache(maxsize=1)
def _clusters() -> Any:
    import regex

    return regex.compile(r"\X")
