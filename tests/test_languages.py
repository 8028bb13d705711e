"""Long texts are cut where readers pause, at clauses of Chinese, Japanese and Korean, and never inside a character."""

from __future__ import annotations

import pytest
import regex
from conftest import examples
from hypothesis import assume, given, strategies as st

from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.packing import split_text


def cut(text: str, size: int, overlap: int = 0) -> list[str]:
    return split_text(ChunkOptions(chunk_size=size, chunk_overlap=overlap), text)


@pytest.mark.parametrize(
    ("text", "size", "ends"),
    [
        ("港口扩建工程已经全面展开，新的码头长度超过三百米，可以同时停靠四艘大型货船，明年春天投入使用", 28, "，"),
        ("工程分为三个阶段；第一阶段疏浚航道；第二阶段加固堤岸；第三阶段安装起重设备并且进行测试", 24, "；"),
        ("安全要求如下：人员必须佩戴头盔；车辆必须限速行驶；夜间必须开启照明；雨天停止高空作业", 20, "；：，"),
        ("他望着远处的灯塔……海风吹过空荡荡的码头……船还没有回来……夜越来越深了", 20, "…"),
        ("价格、数量、日期和签名都要核对清楚、不得遗漏、不得涂改、不得代签否则无效", 20, "、"),
        ("数据已经核对,结果没有差异;报告明天提交:内容包括三个部分,附件另行发送给各位", 20, ",;:"),
        ("港の拡張工事は昨年始まり、新しい岸壁の長さは三百メートルを超え、四隻の船が同時に停泊できる", 34, "、"),
        ("船は静かに進んだ…灯台の光が波を照らし…やがて港の明かりが見えてきた…夜が明けるまで", 24, "…"),
        ("「港は閉まった」と彼は言った。「明日また来よう」と彼女は答えた。二人は坂を下りて行った", 26, "。"),
        (
            "항만 확장 공사는 지난해 시작되었으며 새 부두의 길이는 삼백 미터를 넘고 네 척이 함께 정박할 수 있다",
            30,
            "며고",
        ),
        ("공사비는 줄었지만 기간은 늘었고, 인력은 그대로 유지하면서 장비만 새로 들여오기로 결정했다", 26, "지만,고서"),
        ("비용은 감소하였다. 수익은 증가하였다. 그래서 배당을 늘리기로 이사회가 어제 의결하였다", 26, "."),
        ("비용은 감소했습니다 수익은 늘었습니다 배당은 그대로 두기로 이사회에서 어제 의결했습니다", 24, "다"),
        ("비용은 감소하였다.수익은 증가하였다.그래서 배당을 늘리기로 이사회가 의결하였다", 24, "."),
        ("売上高は前年比１２．５％増の１，２３４百万円となり、営業利益は３４５百万円となった", 30, "、"),
        ("船は進んだ・・・灯台の光が波を照らし・・・港の明かりが見えてきた・・・夜が明けた", 20, "・"),
        ("他想走——船还没有来——天已经黑了——谁也没有说话", 12, "—"),
        ("ဆိပ်ကမ်းသစ်ကိုဖွင့်သည်။နောက်နှစ်တွင်တိုးချဲ့မည်", 30, "။"),
        ("កំពង់ផែថ្មីត្រូវបានបើក។យើងនឹងពង្រីកវានៅឆ្នាំក្រោយ", 34, "។"),
        ("비용은 예상보다 훨씬 컸음 추가 예산이 다음 해에 필요함", 22, "음"),
        ("위원들은 예산안에 반대했어요 그래서 결국 부결됐지 뭡니까", 24, "요"),
        ("주민들이 계획에 반대했으나 시는 공사를 그대로 진행했다고 한다", 24, "나"),
        ("彼は言った、彼女は静かに笑った（本当だろうか？）。それから二人は港の坂道を並んで下りて行った", 24, "、"),
        ("وصلت السفن إلى الميناء صباحا، ثم عادت مع المد قبل الغروب إلى البحر", 36, "،"),
        ("Der Hafen kostet im Jahr 12 Mio. EUR, und die Schiffe zahlen davon fast die Hälfte", 38, ","),
        ("Նավահանգիստը բացվեց այսօր։Հաջորդ տարի այն կընդլայնվի", 34, "։"),
        ("The pilots came to the port in Jan. 2031 and left it, since the quay was closed again", 54, ","),
    ],
)
def test_a_long_text_is_cut_where_its_reader_pauses(text: str, size: int, ends: str) -> None:
    """Before any word; each piece but the last ends with a sign or an ending of a clause or sentence."""
    pieces = cut(text, size)

    assert len(pieces) > 1
    assert pieces[0][-1] in ends
    assert not [piece for piece in pieces if piece[0] in "，；：、…。,;:.」』）・—"]
    assert "".join("".join(pieces).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Le chiffre d’affaires a augmenté de 3,5 % ; les coûts ont baissé.", "3,5 % ;"),
        ("Die Kosten der Anlage sanken im Jahr um 1.200,50 € und stiegen dann.", "1.200,50 €"),
        ("Le directeur a dit hier soir aux clients « cela continue » ; il est parti.", "continue »"),
    ],
)
def test_what_a_blank_sets_off_from_its_word_stays_with_it(text: str, kept: str) -> None:
    for size in range(20, len(text)):
        assert any(kept in piece for piece in cut(text, size)), size


def test_a_date_of_korean_is_not_cut_behind_its_year() -> None:
    assert "2031. 3. 15." in cut("위원회는 2031. 3. 15. 회의를 열어 안건을 심의하고 그 결과를 공표한다", 28)[0]


def test_a_word_of_katakana_is_not_cut_where_another_one_ends() -> None:
    pieces = cut("システムのアップデートによりサービスが一時的に停止する場合があります", 16)

    assert pieces[:2] == ["システムのアップデートにより", "サービスが一時的に停止する場合が"]


def test_nouns_that_end_like_verbs_end_no_clause() -> None:
    """A report (보고) and a screen (화면) are words like others: the chunk is as full as it can be."""
    assert cut("그는 어제 제출한 최종 보고 자료와 화면 설계를 다시 살펴본 다음에 의견을 덧붙였다", 26)[0].endswith(
        "설계를"
    )


# Words of Thai, which stand without spaces between them; "|" where the writer pauses.
_THAI = (  # noqa: SIM905
    "ท่าเรือ แห่ง ใหม่ เปิด ใช้ งาน แล้ว และ สามารถ รองรับ เรือ สินค้า ขนาด ใหญ่ ได้ ถึง สี่ ลำ โดย ไม่ ต้อง รอ คิว | "
    "ซึ่ง ช่วย ลด ต้นทุน การ ขนส่ง ของ ผู้ประกอบการ ใน พื้นที่ ภาคใต้ | รายงาน ฉบับ นี้ สรุป ผล เพื่อ ให้ สมาชิก ทราบ"
).split()


@pytest.mark.parametrize("size", [30, 40, 60])
def test_thai_is_cut_where_a_word_begins(size: int) -> None:
    """By the words and vowels that begin one: no dictionary says where all others do."""
    text = "".join(_THAI).replace("|", " ")
    begins = {len("".join(_THAI[:count])) for count in range(len(_THAI) + 1)}

    pieces = cut(text, size)

    assert all(text.index(piece) in begins for piece in pieces)
    assert min(map(len, pieces[:-1])) > size / 4
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_thai_is_cut_at_a_pause_before_a_word() -> None:
    assert cut("เรือจอดอยู่ที่ท่า แล้วลูกเรือขนสินค้าขึ้นและลงเรือ", 40)[0] == "เรือจอดอยู่ที่ท่า"


def test_a_sentence_of_english_that_is_too_long_is_cut_at_a_clause() -> None:
    """A cut between the words of a clause parts what belongs together."""
    text = "The quay, which is long, ends at the pier, where ships of all sizes wait for the tide to turn"

    assert cut(text, 50)[0] == "The quay, which is long, ends at the pier,"


def test_a_clause_that_ends_early_is_better_to_cut_after_than_a_word() -> None:
    text = "Where the tide is high, the largest of all ships may wait there for the pilot of the port until it turns"

    assert cut(text, 80) == [
        "Where the tide is high,",
        "the largest of all ships may wait there for the pilot of the port until it turns",
    ]


def test_an_overlap_begins_with_a_clause() -> None:
    text = (
        "港口扩建工程已经全面展开，新的码头长度超过三百米，可以同时停靠四艘大型货船，明年春天投入使用，预计吞吐量翻倍"
    )

    pieces = cut(text, 30, overlap=14)

    assert len(pieces) > 2
    starts = [text.index(piece) for piece in pieces[1:]]
    assert all(text[start - 1] == "，" for start in starts)


CLUSTERS = [
    *(
        "e\u0301",
        "か\u3099",
        "ｶ\uff9e",
        "葛\U000e0100",
        "क्षि",
        "நி",
        "กำ",
        "ຳ",
        "👨‍👩‍👧‍👦",
        "👍🏽",
        "🇰🇷",
        "1\ufe0f\u20e3",
    ),
    *(
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "\u1112\u1161\u11ab",
        "가\u11a8",
        "\ua960\u1161",
    ),
    *("a" + "\u0301" * 90, "\u0600\u0661", "❤️‍🔥", "ﷺ\u064b", "\r\n"),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("cluster", CLUSTERS, ids=ascii)
def test_what_a_reader_sees_as_one_character_stays_whole(cluster: str, size: int) -> None:
    """However small a chunk must be, and without a blank in between."""
    for text in (cluster * 12, f"港{cluster}" * 12, f"x{cluster}y" * 12):
        pieces = cut(text, size)
        wanted = [one for one in regex.findall(r"\X", text) if not one.isspace()]
        assert [one for piece in pieces for one in regex.findall(r"\X", piece) if not one.isspace()] == wanted


SIGNS = st.sampled_from(
    [
        *CLUSTERS,
        "港",
        "か",
        "한",
        "글",
        "a",
        "x ",
        " ",
        "，",
        "。",
        "…",
        "」",
        "<b>",
        "</b>",
        "&amp;",
        "😀",
        "\u200d",
        "\u0301",
    ]
)


@pytest.mark.parametrize("stop", ["。", "，", "！", "、", "港"])
def test_a_mark_stays_with_the_stop_that_it_stands_on(stop: str) -> None:
    """A joiner or an accent behind it is no character of its own."""
    for mark in ("\u200d", "\u0301", "\ufe00"):
        assert cut(stop + mark + "港", 1)[0] in {stop + mark, stop + mark + "港"}


@examples(300)
@given(st.lists(SIGNS, min_size=1, max_size=30).map("".join), st.integers(1, 12), st.integers(0, 5))
def test_no_text_is_cut_inside_a_character(text: str, size: int, overlap: int) -> None:
    # A mark on a blank or on markup is no sign.
    assume(not regex.search(r"[\s>;][\p{GCB=Extend}\p{GCB=SpacingMark}\p{GCB=ZWJ}]", text))
    boundaries = {0}
    for match in regex.finditer(r"\X", text):
        boundaries.add(match.end())
    position = 0
    for piece in cut(text, size, min(overlap, size - 1)):
        start = next((at for at in range(max(0, position - 8), len(text)) if text.startswith(piece, at)), None)
        assert start is not None
        found = [at for at in range(max(0, position - 8), len(text)) if text.startswith(piece, at)]
        assert any(at in boundaries and at + len(piece) in boundaries for at in found), (piece, text)
        position = max(position, start + 1)
