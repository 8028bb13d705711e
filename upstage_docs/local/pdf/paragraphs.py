"""Joins lines to paragraphs by what a reader sees: distances, indents, and lines that end early."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from upstage_docs.local.blocks import is_list_item
from upstage_docs.local.geometry import Box, bounds, middle, shared_width
from upstage_docs.local.pdf.headings import begins_section
from upstage_docs.local.pdf.lines import Line
from upstage_docs.local.pdf.parts import BOLD

LONG_ITEM = 5
"""Lines; a numbered or lettered item that is longer reads as a paragraph."""
# Measured on eighty benchmark pages: a fifth less changes the blocks of 28 for _WIDER, and of six and five for the two
# pitches; a fifth more or less of all else that was tried, of one at most. _OFF_CENTRE and _RAGGED were not tried.
_SAME_LINE = 0.3
"""Font sizes from baseline to baseline: less, and both texts are of one line."""
_LEAST_PITCH, _PITCH, _RUNNING_PITCH = 0.5, 1.6, 1.8
"""Font sizes from line to line of a paragraph whose pitch is not known: at least, at most, and at most where a line is
full, so that its sentence may go on."""
_WIDER = 1.22
"""Of the known pitch: a line further below begins another paragraph."""
_UNDER = 0.3
"""Share of the narrower line that stands under the other one, at least, where their distance tells a pitch."""
_ONE_SIZE, _OTHER_SIZE = 0.06, 0.11
"""Share by which font sizes differ: up to the one they are one size, above the other they part paragraphs."""
_NOT_BOLD = 0.1
"""Share of bold letters up to which a line is not bold; between this and `BOLD` it is mixed."""
_RULED = 0.5
"""Share of a line that a rule above it covers, at least, where it parts paragraphs."""
_INDENT = 0.7
"""Font sizes: a line that begins further right is indented."""
_HANGING = 0.4
"""Share of indented lines in a paragraph whose first line hangs out, at least."""
_ROOM = 0.6
"""Font sizes: a line with so much room left for the next word ends early."""
_EARLY = 0.12
"""Share of the width of a text: with so much room left, a line that ends a sentence ends its paragraph."""
_OFF_EDGE, _OFF_CENTRE, _RAGGED = 0.5, 0.6, 0.5
"""Of centred lines: font sizes that a line begins off the left edge at least and off the centre at most, and the share
of lines that are off the edge, at least."""
_INSET, _FURTHEST_INDENT = 2.0, 6.0
"""Font sizes that a title in the middle begins right of the text below it, at least: in capitals, or else as far as no
first line of a paragraph is indented, which may well end as far before the right edge."""
_ENDS = tuple(".!?:;”\"')]。")


class Paragraph:
    """Lines that a reader takes for one paragraph."""

    __slots__ = ("box", "lines")

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = tuple(lines)
        self.box = bounds(line.box for line in lines)


def paragraphs_of(lines: Sequence[Line], rules: Sequence[Box]) -> list[Paragraph]:
    """Gather *lines*, ordered by baseline, into paragraphs; no paragraph crosses a horizontal ruled line (*rules*)."""
    stacks = _stacks(lines, rules)
    return [paragraph for stack in stacks for paragraph in _cut(stack)]


def _stacks(lines: Sequence[Line], rules: Sequence[Box]) -> list[list[Line]]:
    """Gather lines that stand under each other at one pitch in one size and weight."""
    pitches = _pitches(lines)
    sorted_rules = sorted(rules, key=lambda rule: rule[1])
    tops = [rule[1] for rule in sorted_rules]
    stacks: list[list[Line]] = []
    open_stacks: list[list[Line]] = []
    for line in lines:
        best: tuple[float, list[Line]] | None = None
        still_open = []
        for stack in open_stacks:
            last = stack[-1]
            pitch = line.baseline - last.baseline
            if pitch > 3 * max(last.size, line.size):
                continue
            still_open.append(stack)
            shared = shared_width(last.box, line.box)
            if shared <= 0 or pitch <= _SAME_LINE * line.size:
                continue
            if best is None or pitch < best[0]:
                best = pitch, stack
        open_stacks = still_open
        if (
            best is not None
            and _continues(best[1], line, pitches)
            and not _ruled(best[1][-1], line, sorted_rules, tops)
        ):
            best[1].append(line)
        else:
            stacks.append([line])
            open_stacks.append(stacks[-1])
            if best is not None:
                open_stacks.remove(best[1])
    return stacks


def _kind(line: Line) -> tuple[str, int]:
    return line.words[0].font, round(line.size)


def _pitches(lines: Sequence[Line]) -> dict[tuple[str, int], float]:
    """Return the usual distance of baselines for each font and size, where it occurs three times or more."""
    found: defaultdict[tuple[str, int], Counter[int]] = defaultdict(Counter)
    recent: list[Line] = []
    for line in lines:
        recent = [last for last in recent if line.baseline - last.baseline < 3 * line.size]
        for last in reversed(recent):
            shared = shared_width(last.box, line.box)
            pitch = line.baseline - last.baseline
            if (
                shared > _UNDER * min(last.box[2] - last.box[0], line.box[2] - line.box[0])
                and pitch > _LEAST_PITCH * line.size
            ):
                if abs(last.size - line.size) < _ONE_SIZE * line.size and (last.bold > BOLD or line.bold <= BOLD):
                    found[_kind(line)][round(pitch * 2)] += 1
                break
        recent.append(line)
    usual = {}
    for kind, counts in found.items():
        pitch, number = max(counts.items(), key=lambda item: (item[1], -item[0]))
        if number >= 3:
            usual[kind] = pitch / 2
    return usual


def _continues(stack: list[Line], line: Line, pitches: dict[tuple[str, int], float]) -> bool:
    last = stack[-1]
    pitch = line.baseline - last.baseline
    if len(stack) > 1:
        steps = sorted([below.baseline - above.baseline for above, below in pairwise(stack[-4:])])
        usual = steps[1] if len(steps) > 2 else (steps[0] + steps[-1]) / 2
        limit = _WIDER * usual + 0.5
    elif (known := pitches.get(_kind(line))) is not None:
        limit = _WIDER * known + 0.5
    else:
        limit = (_RUNNING_PITCH if _runs_on(last, line) else _PITCH) * line.size
    if pitch > limit:
        return False
    if abs(last.size - line.size) > _OTHER_SIZE * max(last.size, line.size):
        return False
    if begins_section(stack[0].text) and _ends_title(stack, line):
        return False
    if (last.bold > BOLD) == (line.bold > BOLD):
        return True  # most
    # A full line runs on into the next, whatever its weight: words in bold may begin anywhere. A heading ends early,
    # and so does what stands before one.
    # Of centred lines none is full.
    centred = abs(middle(last.box)[0] - middle(line.box)[0]) < _OFF_CENTRE * line.size
    inset = min(abs(last.box[0] - line.box[0]), abs(last.box[2] - line.box[2]))
    room = _room_for(line, last)
    if centred and inset > line.size:
        room = line.size
    mixed = _NOT_BOLD <= last.bold <= BOLD or _NOT_BOLD <= line.bold <= BOLD
    return room <= 0 or mixed


def _ends_title(stack: Sequence[Line], line: Line) -> bool:
    """Say whether the lines of a numbered title, `2.1 The quay` or `2 THE QUAY`, end before *line*.

    It is the next title, or in no font of theirs.
    """
    title = stack[0].text
    if not begins_section(title, deep=True) and not all(c.isupper() for c in title if c.isalpha()):
        return False  # `2. The quay` may be an item of a list
    if all(one.bold > BOLD for one in stack):
        return line.bold <= _NOT_BOLD or (line.bold > BOLD and begins_section(line.text, deep=True))
    fonts = {word.font for one in stack for word in one.words}
    return _room_for(line, stack[-1]) > 0 and fonts.isdisjoint(word.font for word in line.words)


def _room_for(line: Line, last: Line) -> float:
    """Return the points that are left behind the first word of *line*, if it stood at the end of *last*."""
    return max(last.box[2], line.box[2]) - last.box[2] - line.first_width


def _runs_on(last: Line, line: Line) -> bool:
    """Say whether *last* is full, so that *line*, no further right, may go on with its sentence at a wide pitch."""
    room = _room_for(line, last)
    return room <= 0 and line.box[0] < last.box[0] + 0.3 * line.size and not is_list_item(last.text)


def _ruled(last: Line, line: Line, rules: Sequence[Box], tops: Sequence[float]) -> bool:
    top, bottom = last.baseline + 0.1 * last.size, line.box[1] + 0.1 * line.size
    for rule in rules[bisect_left(tops, top) :]:
        if rule[1] > bottom:
            return False
        if shared_width(rule, line.box) > _RULED * (line.box[2] - line.box[0]):
            return True
    return False


def _cut(stack: list[Line]) -> list[Paragraph]:
    """Cut a stack where a paragraph or a list begins: indents, hanging indents, markers, lines that end early."""
    if len(stack) == 1:
        return [Paragraph(stack)]
    left = min(line.box[0] for line in stack)
    right = max(line.box[2] for line in stack)
    size = median(line.size for line in stack)
    step = _INDENT * size
    centred = _is_centred(stack, left, right, size)
    hung = sum(line.box[0] > left + step for line in stack)
    hanging = hung >= _HANGING * len(stack) and not centred and stack[0].box[0] < left + step
    parts: list[list[Line]] = [[stack[0]]]
    for number in range(1, len(stack)):
        line, before = stack[number], stack[number - 1]
        after = stack[number + 1] if number + 1 < len(stack) else None
        room = right - before.box[2] - line.first_width
        early = room > _ROOM * size
        marked, in_list = is_list_item(line.text), is_list_item(parts[-1][0].text)
        bullet = marked and not line.text[:2].strip("(").isalnum()
        if marked and not in_list:
            new = (
                early
                or bullet
                or line.box[0] < before.box[0] - step
                or any(is_list_item(other.text) for other in stack[number + 1 :])
            )
        elif marked:
            new = not is_numbered_item(line.text) and _is_long_item(parts[-1])
        elif in_list:
            outdented = line.box[0] < parts[-1][0].box[0] - step and not line.text[0].islower()
            new = line.box[0] < parts[-1][0].box[0] + 0.3 * step and (early or outdented)
        elif centred:
            new = False
        elif (
            number == 1
            and before.box[0] > left + (_INSET if before.text.isupper() else _FURTHEST_INDENT) * size
            and abs(middle(before.box)[0] - (left + right) / 2) < _OFF_CENTRE * size
        ):
            new = True  # a title in the middle of its column
        elif line.box[0] > before.box[0] + step:
            back = after is None or after.box[0] < line.box[0] - step
            new = back and not hanging and line.box[0] < left + _FURTHEST_INDENT * size
        elif hanging and line.box[0] < left + step:
            new = before.box[0] > left + step or early
        else:
            new = early and before.text.endswith(_ENDS) and room > _EARLY * (right - left)
        if new:
            parts.append([])
        parts[-1].append(line)
    return [Paragraph(part) for part in parts]


def _is_long_item(lines: Sequence[Line]) -> bool:
    """Say whether lines are one numbered or lettered item, so long that it reads as a paragraph."""
    return (
        len(lines) > LONG_ITEM
        and is_numbered_item(lines[0].text)
        and not any(is_list_item(line.text) for line in lines[1:])
    )


def is_numbered_item(text: str) -> bool:
    """Say whether a text is a list item that begins with a number or a letter; a bullet does not count."""
    return is_list_item(text) and text.lstrip("(")[:1].isalnum()


def _is_centred(stack: Sequence[Line], left: float, right: float, size: float) -> bool:
    if len(stack) < 2:
        return False
    centre = (left + right) / 2
    off = [abs(middle(line.box)[0] - centre) for line in stack]
    ragged = sum(line.box[0] > left + _OFF_EDGE * size for line in stack)
    return max(off) < _OFF_CENTRE * size and ragged >= _RAGGED * (len(stack) - 1)
