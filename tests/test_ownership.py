"""Which lines belong to a table, chart or figure: by their wording, in several languages, and by their place."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape, unescape

import msgspec
import pytest

from upstage_docs import Element, ParsedDocument, Record, chunk_elements, contextualize
from upstage_docs.options import OutputFormat, Split
from upstage_docs.records.announcements import announces
from upstage_docs.records.caption_labels import caption_label
from upstage_docs.records.options import RecordOptions
from upstage_docs.records.ownership import Line, Owned, is_remark_below, role_below
from upstage_docs.records.records import records
from upstage_docs.records.wording import is_note, is_unit


@pytest.mark.parametrize(
    "words",
    [
        "Table 7: Harvest by county",
        "TABLE IV. Yields",
        "Table A-2 Sites",
        "Supplementary Table S3 | Primers",
        "**Table 2.** Wages by sector",
        "표 4. 시도별 인구",
        "<표 Ⅱ-3> 세출 예산",
        "[표 2-1] 고용률 추이",
        "表5 各省产量",
        "第2表 事業別売上高",
        "Tabelle 3: Ausgaben",
        "Tableau 2 : dépenses",
        "<표> 시도별 인구",
        "[표] 세출 예산안",
        "표: 인구 추이",
        "표. 4 인구",
        "[붙임표 2] 세부 내역",
        "续表3",
        "続表1 事業別売上高",
        "Table (4) Harvest",
        "Table-4 Harvest",
        "Table 4, continued",
        "〔표 4〕 인구",
        "표(4) 인구",
        "표 가-4 인구",
        "제4표 인구",
        "표 제4호 인구",
        "図表４：推移",
        "（表4）売上",
        "表－４ 売上",
        "別表第四 税率",
        "表格4 产量",
        "统计表4 产量",
        "表四、产量",
        "Tabell 4. Priser",
        "Tablo 4. Fiyatlar",
        "付表1 売上",
        "参考図表1 売上",
        "附件表1 收入",
        "Πίνακας 4. Πωλήσεις",
        "ΠΙΝΑΚΑΣ 4. Πωλήσεις",
        "Таблиця 4 – Продажі",
        "ตารางที่ 4 ยอดขาย",
        "ตาราง ๔ ยอดขาย",
        "الجدول 4: المبيعات",
        "جدول رقم (٤) المبيعات",
        "तालिका 4: बिक्री",
        "सारणी ४ बिक्री",
        "טבלה 4: מכירות",
        "별첨표 1 세부 내역",
        "Tbl. 4: Harvest",
        "Übersicht 4: Ernte",
        "Çizelge 4. Hasat",
        "Tabelul 4. Recolte",
        "Table №4 Harvest",
        "3. táblázat: Termés megyénként",
        "3. táblázat Termés megyénként",
        "3 lentelė. Derlius",
        "Lentelė 3. Derlius",
        "3-jadval. Hosil",
        "Jadual 3: Hasil",
        "Preglednica 3: Žetev",
        "Tabuľka 3: Úroda",
        "Табела 3. Жетва",
        "Taula 3. Collita",
        "Tafla 3. Uppskera",
        "جدول 3۔ فصل",
        "eTable 3. Harvest",
        "Web Table 3. Harvest",
        "Tables 3 and 4. Harvests",
        "Таблица № 4. Урожай",
        "Tables 3 to 5. Harvests",
        "Tabellen 3 und 4: Ernten",
        "Tableaux 3 et 4 : récoltes",
        "Tablas 3 y 4. Cosechas",
        "Tabelas 3 e 4. Colheitas",
    ],
)
def test_a_caption_of_a_table_is_told_by_its_words(words: str) -> None:
    assert caption_label(words) == "table"


@pytest.mark.parametrize(
    "words",
    [
        "Fig. 9",
        "FIGURE 3.2 A harbour at dawn",
        "그림 5: 온도",
        "〈그림 1〉 조직도",
        "圖 2",
        "図３ 構成",
        "Chart 4 — Prices",
        "<그림> 조직도",
        "グラフ2 推移",
        "Fig. (4) Harbour",
        "Exhibit I – Ships by port",
        "도 4 단면도",
        "【도 4】",
        "[도면 4] 단면",
        "개념도 4",
        "図－４ 推移",
        "チャート4 推移",
        "插图4 港口",
        "图4、港口",
        "Infographic 4: Harbour",
        "Rys. 4. Port",
        "流程图4 装货",
        "参考図4 港",
        "Obr. 4: Ceny",
        "Figur 4. Priser",
        "Gambar 4. Harga",
        "Σχήμα 2: Ροή",
        "ΣΧΗΜΑ 2: Ροή",
        "Диаграмма 2. Продажи",
        "График 2 – Продажи",
        "Biểu đồ 2: Doanh thu",
        "Sơ đồ 2. Quy trình",
        "รูปที่ 2 แผนผัง",
        "แผนภูมิที่ 2 ยอดขาย",
        "الشكل 2: المخطط",
        "رسم بياني 2 المبيعات",
        "चित्र 2: प्रवाह",
        "איור 2: תרשים",
        "Grafiek 2: oogst",
        "Wykres 2. Ceny",
        "Rysunek 2. Port",
        "Graf 2: Ceny",
        "Obrázek 2: přístav",
        "Kuvio 2. Sadot",
        "Graficul 2. Recolte",
        "Slika 2. Luka",
        "1. ábra: A kikötő",
        "2 pav. Uostas",
        "2. attēls. Osta",
        "Afbeelding 2: haven",
        "Obrázok 2: Prístav",
        "Rycina 2. Port",
        "Joonis 2. Sadam",
        "Rajah 2: Pelabuhan",
        "Mynd 2. Höfn",
        "Фигура 2. Пристанище",
        "Слика 2. Лука",
        "eFigure 3. Harbour",
        "Figs. 3 and 4. Harbours",
        "Fig. 3, 4. Harbours",
        "그림 3, 4. 항구",
        "그림 3과 4. 항구",
        "Figures 3 et 4 : ports",
        "Abbildungen 3 und 4: Häfen",
        "Figuras 3 y 4. Puertos",
        "Foto 3: Hafen",
        "3. kép: A kikötő",
        "Малюнок 3. Порт",
    ],
)
def test_a_caption_of_a_figure_is_told_by_its_words(words: str) -> None:
    assert caption_label(words) == "figure"


@pytest.mark.parametrize(
    "words",
    [
        "Table 7 shows that harvests fell.",
        "Tables 2 and 3 list the sites.",
        "Figure 4, which follows, is new.",
        "표 4는 인구를 나타낸다.",
        "<표 3>에서 보듯이 늘었다.",
        "図1は構成を示す。",
        "表5显示产量上升。",
        "Table of contents",
        "Table for 2",
        "Tablets and phones",
        "Graphite 3 g",
        "Imagery 4",
        "표본은 300명이다.",
        "표 4매를 낸다",
        "사진 3장",
        "제4표준",
        "도 4월에 시작",
        "도 4는 단면도이다.",
        "表4、5を参照",
        "Selected figures 2031",
        "지도 3장",
        "写真4枚",
        "第4表彰",
        "Exhibit A",
        "Exhibit B – Form of lease",
        "Диаграмма 3 показывает рост.",
        "तालिका 3 में बिक्री दिखाई गई है।",
        "तालिका 3 बिक्री दिखाती है।",
        "شكل 3 يوضح الزيادة في المبيعات.",
        "ตารางเวลา 3",
        "附件3",
        "지도 1부 첨부",
        "그림 3편",
        "화면 6.1인치",
        "写真 3 枚を提出",
        "写真3点を添付",
        "照片2张",
        "ภาพ 3 มิติ",
        "3. táblázat mutatja a termést.",
        "3. tabulation of votes",
        "3. pavement works",
        "Tables 3 and 4.",
        "Figures 3, 4 and 5 show ships.",
        "그림 3, 4에서 보듯이",
        "그림 3과 4는 항구이다.",
        "Tabellen 3 und 4 zeigen die Ernte.",
        "Foto 3 zeigt den Hafen.",
    ],
)
def test_what_mentions_a_table_is_no_caption(words: str) -> None:
    assert caption_label(words) == ""


@pytest.mark.parametrize(
    "words",
    [
        "(단위 : 천원)",
        "[단위: 명, %]",
        "(in thousands)",
        "Unit: tonnes",
        "(€ million)",
        "（单位：万元）",
        "(単位：百万円)",
        "($ in millions)",
        "(百万円)",
        "（单位：亿元）",
        "（人、％）",
        "单位 万元",
        "단위 백만원",
        "(£m)",
        "(천US$)",
        "(단위∶ 명)",
        "in kEUR",
        "(Millions of yen, rounded down)",
        "(m³/s)",
        "(kt CO2e)",
        "(en M€)",
        "US$'000",
        "RMB’000",
        "(Mio. EUR)",
        "(unaudited, in thousands)",
        "(Rupees in crores)",
        "(en milliers d'euros)",
        "En millones de pesos",
        "(as a percentage of revenue)",
        "(2031년 기준, 단위: 명)",
        "금액단위：万元",
        "金额单位：万元",
        "（人民币百万元）",
        "（前年比、％）",
        "（百万円未満切捨て）",
        "(2031=100)",
        "（上年=100）",
        "(%p)",
        "(천TEU)",
        "(in thousands of barrels per day)",
        "RMB million",
        "($000s omitted)",
        "Thousands of U.S. dollars",
        "(mg/L)",
        "(number of ships)",
        "(no. of ships)",
        "(headcount)",
        "(square metres)",
        "(in metres)",
        "(litres)",
        "(hours per week)",
        "(ng/mL)",
        "(°C)",
        "(x 1,000)",
        "(x 10,000)",
        "In 000 shares",
        "Tons",
        "Barrels",
        "(tonnes of CO2 equivalent)",
        "(в тыс. руб.)",
        "(w tys. zł)",
        "(unaudited)",
        "(in working days)",
        "(단위＝천톤)",
        "(원/kg)",
        "（亿吨标准煤）",
        "√适用 □不适用",
        "□適用 √不適用",
        "(kt)",
        "(kg CO2e)",
        "(in mm)",
        "(in μg/m³)",
        "(in °C)",
        "1,000 tonnes",
        "(1,000명)",
        "(10억원)",
        "100 persons",
        "(millones de euros)",
        "(в млн руб.)",
        "(점, %)",
        "(개소)",
        "(개월)",
        "(세)",
        "(mm, ℃)",
        "(ppm)",
        "(천TOE)",
        "(필지, ㎡)",
        "in Prozent",
        "Angaben in %",
        "(тыс. тонн)",
        "(в %)",
    ],
)
def test_a_unit_line_is_told(words: str) -> None:
    assert is_unit(words)


@pytest.mark.parametrize(
    "words",
    [
        "In millions of homes, lights went out.",
        "Revenue by region",
        "2024",
        "단위 조직을 개편하였다.",
        "单位概况",
        "単位取得の要件",
        "En 2031 les récoltes ont baissé",
        "(株)北海",
        "In the United Isles",
        "In units where ships are built",
        "Won the regatta",
        "Millions of people live here",
        "Dollars and sense",
        "Tons of fun",
        "Persons in charge",
        "As a percentage of sales, costs fell.",
        "단위(모듈) 시험",
        "단위-체계 점검",
        "单位（公司）概况",
        "In five years",
        "In recent years",
        "In the coming years",
        "In 10 years",
        "In all households",
        "Hours",
        "Per share data",
        "Index",
        "5 days",
        "$5 million",
        "(3 people)",
        "12 tonnes",
        "(5명)",
    ],
)
def test_what_is_no_unit_line(words: str) -> None:
    assert not is_unit(words)


@pytest.mark.parametrize(
    "words",
    [
        "Note: estimates.",
        "Source: the ministry",
        "주) 잠정치",
        "※ 연말 기준",
        "자료: 통계청",
        "* 잠정",
        "注：不含税",
        "資料：総務省",
        "출처: 한국은행",
        "출처 | 한국은행",
        "출처(자료) : 한국은행",
        "注*：初步数据",
        "출처 – 한국은행",
        "주석) 잠정치",
        "(Source: harbour office)",
        "Values are means ± SD.",
        "n.s. = not significant",
        "— Not applicable.",
        "Bold: largest harbour",
        "The best results are highlighted in bold.",
        "Base: all harbours",
        "◎: 우수, ○: 양호",
        "Eigene Darstellung",
        "Elaboración propia",
        "Elaborazione propria",
        "Hinweis: geschätzt",
        "Kilde: havnekontoret",
        "Källa: hamnkontoret",
        "Lähde: satama",
        "Sumber: pelabuhan",
        "Catatan: perkiraan",
        "Примечание – оценка",
        "작성: 항만청",
        "저자 작성",
        "∗ p<.05",
        "[출처] 통계청",
        "<자료> 통계청",
        "(자료: 통계청)",
        "(주1) 잠정치",
        "＊ 속보치",
        "Notes to the table: rounded",
        "See accompanying notes to the financial statements.",
        "Data: harbour office",
        "- 자료: 통계청",
        "자료 ; 통계청",
        "통계출처: 통계청",
        "괄호 안은 비중임",
        "△는 감소",
        "【注】速報値",
        "（資料）総務省",
        "△はマイナス",
        "附注：不含税",
        "图片来源：港务局",
        "括号内为占比",
        "Sources and notes: harbour office",
        "Source(s): harbour office",
        "Notes (1) Rounded",
        "Adapted from the harbour office",
        "Authors' calculations.",
        "Figures in parentheses are shares.",
        "Totals may not add due to rounding.",
        "n.a. = not available",
        "p Preliminary.",
        "The accompanying notes are an integral part of these statements.",
        "Photo credit: harbour office",
        "(c) 2031 harbour office",
        "e: estimated",
        "Figures may not add up to the total.",
        "(주) 1. 잠정치",
        "Data are presented as mean (SD).",
        "All figures are rounded.",
        "Percentages may not total 100 due to rounding.",
        "Includes the islands.",
        "See Note 12.",
        "CI: confidence interval; OR: odds ratio.",
        "HbA1c, glycated haemoglobin; BMI, body mass index.",
        "Hb = haemoglobin; Ht = haematocrit.",
        "- 은 해당 없음",
        '"-" denotes zero',
        "– : none",
        "(e) estimate",
        "○ 자료: 통계청",
        "그림 출처: 항만청",
        "단, 2031년은 잠정치임",
        "반올림으로 인하여 합계가 일치하지 않을 수 있음",
        "소수점 이하 반올림으로 합계가 일치하지 않음",
        "원단위 반올림으로 합계가 일치하지 않을 수 있음",
        "-는 해당없음",
        "备注 不含税",
        "“—”表示无数据",
        "「－」は該当なし",
        "四捨五入のため合計は一致しない",
        "カッコ内は前年比",
        "Примечание. Данные предварительные",
        "Źródło: GUS",
        "Kaynak: TÜİK",
        "ที่มา: สสช.",
        "المصدر: البنك المركزي",
        "स्रोत: RBI",
        "Lecture : en 2020, un cas",
        "Champ : France entière",
        "Bootstrapped standard errors in parentheses",
    ],
)
def test_a_note_is_told(words: str) -> None:
    assert is_note(words)


@pytest.mark.parametrize(
    "words",
    [
        "Notes on the method",
        "주요 사업",
        "Source code is open",
        "* one\n* two",
        "(주)북해 상사",
        "▲ 상승",
        "[ ] 동의함",
        "Figures are growing.",
        "Due to rain, fewer ships came.",
        "Totals rose.",
        "原則：三つ",
        "注意：危険",
        "注文：三つ",
        "통계: 연보",
        "(c) The harbour office keeps the key.",
        "(C) Duties of the keeper",
        "(f) revised rules",
        "E: Environment",
        "Data do not agree with the forecast.",
        "(주)3파도",
        "Data:",
        "Key:",
        "제공:",
        "Excluding the islands, harvests grew by a third.",
        "Figures are presented below.",
        "단 하나의 항구",
        "Results were meaningful for the harbour.",
        "However, harvests fell in spring; they rose in autumn.",
        "Result: the harbour grew; the river fell.",
        "- 은행 차입금 증가",
        "- 는개가 내렸다",
        "- 为客户服务",
        "- はい",
        "Lecture: Introduction to harbours",
        "- Not available for sale",
        "Bold plans for the harbour",
        "Best results of the year",
        "Base rate",
        "산출 방법",
        "작성 방법",
    ],
)
def test_what_is_no_note(words: str) -> None:
    assert not is_note(words)


@pytest.mark.parametrize(
    ("words", "table"),
    [
        ("¹ Unaudited.", "<td>Harvest¹</td>"),
        ("① 추정치", "<td>인구①</td>"),
        ("a Weighed wet.", "<td>Herring<sup>a</sup></td>"),
        ("2 Without ports.", "<td>Ships<sup>2</sup></td>"),
        ("1) 잠정치임", "<td>매출액<br>1)</td>"),
        ("(b) Before tax", "<td>Income (b)</td>"),
        ("2/ Without ports", "<td>Ships 2/</td>"),
        ("[3] Weighed dry", "<td>Herring [3]</td>"),
        ("# Estimate", "<td>Herring #</td>"),
        ("(*1) 담보로 제공됨", "<td>차입금(*1)</td>"),
        ("(*) Weighed dry", "<td>Herring (*)</td>"),
    ],
)
def test_a_note_is_told_by_a_mark_that_stands_after_words_of_the_table(words: str, table: str) -> None:
    assert is_note(words, table)


@pytest.mark.parametrize(
    ("words", "table"),
    [
        ("*Harvest by county*", "<td>Boat*</td>"),  # in italics
        ("the ships that came later were larger.", "<td>Boat</td>"),  # a text that goes on below a table
        ("1) Mend the nets", "<td>1) Buy the nets</td>"),  # items of lists, in the table and below
        ("① 그물", "<td>① 배</td>"),
        ("2 ships came.", "<td>Ships 2</td>"),
    ],
)
def test_what_begins_like_the_mark_of_a_note_is_none_where_the_table_has_no_such_mark(words: str, table: str) -> None:
    assert not is_note(words, table)


def test_a_marked_note_is_one_of_a_table_that_holds_its_mark() -> None:
    assert is_note("1) Without the islands", "<td>Area1)</td>")
    assert not is_note("1) Open the box", "<td>Area</td>")


@pytest.mark.parametrize(
    ("words", "does"),
    [
        ("Costs were as follows:", True),
        ("It rained. The following table shows the days of rain.", True),
        ("세부 내역은 다음과 같다.", True),
        ("항만별 수확량 are set out in the following table", True),
        ("収穫 is shown below", True),
        ("具体情况如下：", True),
        ("The following day it rained and nobody came.", False),
        ("We met the board.", False),
        ("Below is a breakdown of the harvest.", True),
        ("Ships consist of the following (in tonnes)", True),
        ("The mills ground more (see the table below).", True),
        ("수확이 늘었다(아래 표 참조).", True),
        ("The harvest grew (by a third).", False),
        ("Die folgende Tabelle zeigt die Ernte.", True),
        ("Le tableau ci-dessous présente les récoltes.", True),
        ("La siguiente tabla muestra las cosechas.", True),
        ("A tabela a seguir apresenta as colheitas.", True),
        ("La tabella seguente mostra i raccolti.", True),
        ("Die folgende Ernte war gut.", False),
        ("The ships were: (in tonnes)", True),
        ("내역은 다음과 같습니다. (단위: 톤)", True),
        ("구체적인 내역은 아래를 참조", True),
        ("The chart on the right shows the harvest.", True),
        ("The harbour was listed in 1931.", False),
        ("Costs were included in income.", False),
        ("내역은 다음과 같으며, 단위는 톤이다.", True),
        ("그 내용은 하기와 같다.", True),
        ("아래는 수확 현황이다.", True),
        ("내역은 다음과 같음(단위: 톤)", True),
        ("下図に示すとおりである。", True),
        ("主な内容は下記の通りです。", True),
        ("以下に示します。", True),
        ("Set out below is a summary of the harvest.", True),
        ("The position is as under", True),
        ("As shown below, more ships came in all ports.", True),
        ("The table overleaf shows the harvest.", True),
        ("다음과 같이 정리할 수 있다.", True),
        ("아래 그래프는 추이를 나타낸다.", True),
        ("다음 <표>와 같다.", True),
        ("세부 사항은 아래에 기재하였다.", True),
        ("以下は収穫の内訳です。", True),
        ("推移は右の図のとおり。", True),
        ("以下是收获情况。", True),
        ("请参见下面的表格。", True),
        ("다음과 같은 이유로 줄었다.", False),
        ("十人以下である。", False),
        ("以下简称公司。", False),
        ("A storm followed.", False),
        ("Amounts below 5 are left out.", False),
        ("Data below the average are set in grey.", False),
        ("It rained all of the following day.", False),
        ("다음 해에는 늘었다.", False),
        ("以下の者は除く。", False),
    ],
)
def test_what_announces_a_table(words: str, *, does: bool) -> None:
    assert announces(words) is does


# --- in chunks and on records ----------------------------------------------------------------------------------------

TABLE = "<table><tr><td>Site</td><td>2024</td></tr><tr><td>Alpha</td><td>5,120</td></tr></table>"


def _document(*elements: tuple[str, str], gap: float = 0.05) -> ParsedDocument:
    made = []
    for number, (category, html) in enumerate(elements):
        top = 0.1 + gap * number
        box = ((0.1, top), (0.9, top), (0.9, top + 0.03), (0.1, top + 0.03))
        made.append(Element(number, 1, category, html, coordinates=box))
    return ParsedDocument("plan.pdf", "cd" * 32, "m", tuple(made), total_pages=1)


def _chunk_of_table(document: ParsedDocument) -> str:
    return next(chunk.text for chunk in chunk_elements(document) if "Alpha" in chunk.text)


@pytest.mark.parametrize("category", ["paragraph", "heading1", "list", "header", "footnote", "caption"])
def test_a_caption_travels_whatever_it_is_called(category: str) -> None:
    tag = {"heading1": "h1", "header": "header", "caption": "caption"}.get(category, "p")
    before = ("paragraph", "<p>We surveyed all sites. It took a year.</p>")

    text = _chunk_of_table(_document(before, (category, f"<{tag}>Table 3. Output by site</{tag}>"), ("table", TABLE)))

    assert "Output by site" in text
    assert "surveyed" not in text


def test_what_the_api_calls_a_caption_stays_with_its_table_however_long_though_it_begins_as_a_note() -> None:
    caption = "Note: " + "the output of each site is counted in tons, and so are the losses. " * 9

    [chunk] = chunk_elements(_document(("table", TABLE), ("caption", f"<p>{caption}</p>")), chunk_size=200)

    assert "Alpha" in chunk.text
    assert caption.strip() in chunk.text


@pytest.mark.parametrize("split", ["element", "page", "none"])
def test_a_caption_and_a_unit_that_are_called_headers_travel_from_every_record(split: Split) -> None:
    lines = ["The Mill Report", "Table 3. Output by site", "(in tons)"]
    headers = [("header", f"<header id='{number}'>{line}</header>") for number, line in enumerate(lines)]
    given = records(_document(*headers, ("table", TABLE)), RecordOptions(split=split))

    [chunk] = chunk_elements(given)

    assert "Output by site" in chunk.text
    assert "(in tons)" in chunk.text
    assert "Mill Report" not in chunk.text


@pytest.mark.parametrize(("category", "belongs"), [("paragraph", True), ("footnote", True), ("list", False)])
def test_a_short_title_above_a_caption_belongs_to_the_table(category: str, belongs: bool) -> None:
    """The last of a list is none."""
    lines = [("paragraph", "<p>It took a year.</p>"), (category, "<p>Harbour freight</p>")]
    given = _document(*lines, ("caption", "<p>Table 3. Output by site</p>"), ("table", TABLE))

    chunk = [*chunk_elements(given)][-1]

    assert ("Harbour freight" in chunk.text) is belongs
    assert ([*records(given)][-1].metadata["caption"] == "Harbour freight Table 3. Output by site") is belongs


@pytest.mark.parametrize("output_format", ["html", "markdown"])
@pytest.mark.parametrize(
    ("lines", "caption"),
    [
        (["Output by site", "As of June 30, 2031"], "Output by site As of June 30, 2031"),
        (["Output by site", "As of June 30, 2031", "(in tons)"], "Output by site As of June 30, 2031"),
        (["Output by site", "(in tons)", "Q3 2031"], "Output by site Q3 2031"),
        (["Output by site", "Stand: 31.12.2031"], "Output by site Stand: 31.12.2031"),
        (["Output by site", "Au 31 décembre 2031"], "Output by site Au 31 décembre 2031"),
        (["시도별 수확", "제 5 기 2031. 12. 31."], "시도별 수확 제 5 기 2031. 12. 31."),
        (["收获情况", "截至2031年12月31日止"], "收获情况 截至2031年12月31日止"),
        (["Table 3. Output", "Source: harbour office"], "Table 3. Output"),
        (["<표 3> 수확", "(단위: 톤)", "* 잠정"], "<표 3> 수확"),
        (["Table 3. Output", "Note: rounded", "(in tons)"], "Table 3. Output"),
    ],
)
def test_neither_a_date_nor_a_note_above_a_table_severs_its_title(
    lines: list[str], caption: str, output_format: OutputFormat
) -> None:
    table = TABLE if output_format == "html" else "| Site | 2031 |\n| --- | --- |\n| Alpha | 5,120 |"
    texts = ["We surveyed all sites. It took a year.", *lines]
    marked = [("paragraph", f"<p>{escape(text)}</p>" if output_format == "html" else text) for text in texts]
    given = _document(*marked, ("table", table), gap=0.035)

    text = [*chunk_elements(given, output_format=output_format)][-1].text

    assert all(line in unescape(text) for line in lines)
    assert "surveyed" not in text
    assert [*records(given)][-1].metadata["caption"] == caption


@pytest.mark.parametrize("output_format", ["html", "markdown"])
@pytest.mark.parametrize("called", [("heading1", "heading1"), ("paragraph", "heading1"), ("heading1", "paragraph")])
def test_a_label_and_its_title_in_the_next_line_belong_to_the_table_though_called_headings(
    called: tuple[str, str], output_format: OutputFormat
) -> None:
    marks = {("heading1", "html"): "<h1>{}</h1>", ("heading1", "markdown"): "# {}", ("paragraph", "html"): "<p>{}</p>"}
    texts = zip(("paragraph", *called), ("It took a year.", "TABLE IV", "OUTPUT BY SITE"), strict=True)
    lines = [(category, marks.get((category, output_format), "{}").format(text)) for category, text in texts]
    table = TABLE if output_format == "html" else "| Site | 2031 |\n| --- | --- |\n| Alpha | 5,120 |"
    given = _document(*lines, ("table", table), ("paragraph", "It rained."), gap=0.035)
    made = list(records(given, RecordOptions(output_format=output_format)))

    for before, chunk, after in (
        chunk_elements(given, output_format=output_format),
        chunk_elements(made),
        chunk_elements([Record("", "\n\n".join(one.text for one in made), {})]),
    ):
        assert chunk.caption == "TABLE IV\nOUTPUT BY SITE"
        assert "OUTPUT" in chunk.text
        assert "TABLE" not in before.text
        assert "OUTPUT" not in after.text
    assert made[3].metadata["caption"].replace("# ", "") == "TABLE IV OUTPUT BY SITE"


@pytest.mark.parametrize("split", ["element", "page", "none"])
def test_a_label_called_a_heading_and_its_title_open_no_section(split: Split) -> None:
    """A heading that does not stand right below the label does."""
    lines = [("heading1", f"<h1>{line}</h1>") for line in ("III. RESULTS", "TABLE IV", "OUTPUT BY SITE")]
    between = [("paragraph", "<p>It rained.</p>"), ("heading1", "<h1>TABLE V</h1>"), ("paragraph", "<p>It dries.</p>")]
    after = [("heading1", "<h1>OUTLOOK</h1>"), ("paragraph", "<p>It snows.</p>")]
    given = _document(*lines, ("table", TABLE), *between, *after)

    sections = [one.metadata["headings"] for one in records(given)]
    chunks = [*chunk_elements(given), *chunk_elements(records(given, RecordOptions(split=split)))]

    assert sections[3:] == [*["III. RESULTS"] * 5, "III. RESULTS > OUTLOOK"]
    assert {one.headings for one in chunks if "rained" in one.text} == {("III. RESULTS",)}
    assert {one.headings for one in chunks if "snows" in one.text} == {("III. RESULTS", "OUTLOOK")}


@pytest.mark.parametrize(
    "lines", [["Ships came.", "Source: harbour office"], ["Source: harbour office", "Table 3. Output"]]
)
def test_a_note_above_a_table_without_a_caption_above_the_note_is_a_text(lines: list[str]) -> None:
    text = _chunk_of_table(_document(*[("paragraph", f"<p>{line}</p>") for line in lines], ("table", TABLE)))

    assert "harbour" not in text


def test_caption_unit_and_note_are_one_run_with_their_table() -> None:
    document = _document(
        ("paragraph", "<p>본문이 끝난다.</p>"),
        ("paragraph", "<p>&lt;표 2&gt; 지역별 생산</p>"),
        ("paragraph", "<p>(단위 : 톤)</p>"),
        ("table", TABLE),
        ("paragraph", "<p>주: 잠정치</p>"),
        ("paragraph", "<p>자료: 통계청</p>"),
        ("paragraph", "<p>다음 문단이다.</p>"),
    )

    text = _chunk_of_table(document)

    assert all(one in text for one in ("지역별 생산", "톤", "잠정치", "통계청"))
    assert "본문" not in text
    assert "문단" not in text


@pytest.mark.parametrize("above", ["수확 내역은 다음과 같습니다.", "Harvest by site"])
def test_what_announces_a_table_goes_with_a_unit_below_it_in_the_same_element(above: str) -> None:
    before = ("paragraph", "<p>We surveyed all sites. It took a year.</p>")
    document = _document(before, ("paragraph", f"<p>{above}<br>(단위 : 톤)</p>"), ("table", TABLE))

    text = _chunk_of_table(document)

    assert above in text
    assert "톤" in text
    assert "surveyed" not in text


@pytest.mark.parametrize("output_format", ["markdown", "text"])
@pytest.mark.parametrize(
    ("caption", "source"), [("<표 2> 지역별 생산", "<자료> 통계청"), ("<Table 2> Output", "<Source> own survey")]
)
def test_words_in_angle_brackets_are_words_in_markdown_and_text(caption: str, source: str, output_format: str) -> None:
    table = "| Site | 2024 |\n| --- | --- |\n| Alpha | 5,120 |"
    texts = [("paragraph", "It took a year."), ("header", caption), ("table", table), ("paragraph", source)]
    elements = []
    for number, (category, text) in enumerate(texts):
        top = 0.1 + 0.05 * number
        corners = ((0.1, top), (0.9, top), (0.9, top + 0.03), (0.1, top + 0.03))
        elements.append(Element(number, 1, category, "", text, text, corners))

    chunks = list(chunk_elements(ParsedDocument("a.pdf", "", "m", tuple(elements)), output_format=output_format))  # type: ignore[arg-type]

    assert [chunk.text for chunk in chunks] == ["It took a year.", f"{caption}\n\n{table}\n\n{source}"]
    assert chunks[1].metadata["caption"] == caption


def test_the_path_above_words_in_angle_brackets_is_markdown() -> None:
    table = "| Site | 2024 |\n| --- | --- |\n| Alpha | 5,120 |"
    lines = [("heading1", "# R&D"), ("paragraph", "It rained."), ("caption", "<표 2> 생산"), ("table", table)]
    elements = [Element(number, 1, category, "", text, text) for number, (category, text) in enumerate(lines)]
    given = ParsedDocument("a.pdf", "", "m", tuple(elements))

    last = [*chunk_elements(given, chunk_size=70, output_format="markdown", path_in_text=True)][-1]

    assert last.text == f"# R&D\n\n<표 2> 생산\n\n{table}"


def test_parts_repeat_caption_and_unit_but_no_note() -> None:
    rows = "".join(f"<tr><td>Site {n}</td><td>{n},500</td></tr>" for n in range(30))
    document = _document(
        ("paragraph", "<p>Table 3. Output by site</p>"),
        ("paragraph", "<p>(in tonnes)</p>"),
        ("table", f"<table><tr><td>Site</td><td>2024</td></tr>{rows}</table>"),
        ("paragraph", "<p>Source: own survey</p>"),
    )

    parts = list(chunk_elements(document, chunk_size=300, oversized_tables="split_rows"))

    assert len(parts) > 3
    assert all("Output by site" in part.text and "tonnes" in part.text and "2024" in part.text for part in parts)
    assert ["survey" in part.text for part in parts] == [False] * (len(parts) - 1) + [True]


def test_a_picture_without_words_is_found_by_its_caption_in_markdown() -> None:
    picture = Element(
        0, 1, "figure", '<figure><img alt="" /></figure>', coordinates=((0.1, 0.1), (0.9, 0.1), (0.9, 0.3), (0.1, 0.3))
    )
    caption = Element(1, 1, "paragraph", "<p>Figure 2. The quay</p>", "Figure 2. The quay", "Figure 2. The quay")
    text = Element(2, 1, "paragraph", "<p>Ships came.</p>", "Ships came.", "Ships came.")
    document = ParsedDocument("plan.pdf", "", "m", (picture, caption, text), total_pages=1)

    chunks = list(chunk_elements(document, output_format="markdown"))

    assert [(chunk.text, chunk.metadata["category"]) for chunk in chunks] == [
        ("Figure 2. The quay", "figure"),
        ("Ships came.", "paragraph"),
    ]
    assert [chunk.metadata["element_id"] for chunk in chunks] == [0, 2]
    alone = ParsedDocument("plan.pdf", "", "m", (picture, text), total_pages=1)
    assert [chunk.text for chunk in chunk_elements(alone, output_format="markdown")] == ["Ships came."]


def test_the_record_of_a_table_knows_its_caption_and_its_header() -> None:
    document = _document(
        ("paragraph", "<p>Table 3. Output by site</p>"), ("paragraph", "<p>(in tonnes)</p>"), ("table", TABLE)
    )

    made = list(records(document))

    assert [(one.metadata["caption"], one.metadata["header_rows"]) for one in made] == [
        ("", 0),
        ("", 0),
        ("Table 3. Output by site", 1),
    ]


def test_between_two_tables_each_gets_its_own_caption() -> None:
    other = TABLE.replace("Alpha", "Beta")
    captions = ("paragraph", "<p>Table 1. First</p>"), ("paragraph", "<p>Table 2. Second</p>")
    document = _document(captions[0], ("table", TABLE), captions[1], ("table", other))

    assert [one.metadata["caption"] for one in records(document) if one.metadata["category"] == "table"] == [
        "Table 1. First",
        "Table 2. Second",
    ]
    assert [("First" in one.text, "Second" in one.text) for one in chunk_elements(document)] == [
        (True, False),
        (False, True),
    ]


def _side_by_side(rows: Sequence[tuple[str, Sequence[str]]]) -> ParsedDocument:
    """A page of rows: of each the category, and the markup in each column."""
    made: list[Element] = []
    for top, (category, columns) in zip((0.1, 0.19, 0.3, 0.39), rows, strict=False):
        for column, markup in enumerate(columns):
            x0, x1 = (column + 0.1) / len(columns), (column + 0.9) / len(columns)
            corners = ((x0, top), (x1, top), (x1, top + 0.09), (x0, top + 0.09))
            made.append(Element(len(made), 1, category, markup, coordinates=corners))
    return ParsedDocument("plan.pdf", "cd" * 32, "m", tuple(made), total_pages=1)


@pytest.mark.parametrize("category", ["caption", "paragraph"])
@pytest.mark.parametrize("owner", ["table", "figure"])
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("above", [True, False])
def test_each_of_a_row_of_captions_goes_to_what_stands_in_its_column(
    category: str, owner: str, count: int, *, above: bool
) -> None:
    """Tables or figures stand side by side, and their captions in a row of their own, above or below."""
    captions = [f"{owner.capitalize()} {number}. Rain in month {number}" for number in range(1, count + 1)]
    markup = [TABLE if owner == "table" else f"<figure>Map {number}</figure>" for number in range(count)]
    rows = [(category, [f"<p>{caption}</p>" for caption in captions]), (owner, markup)]
    text = ("paragraph", ["<p>What follows is a text of its own, and ends with a stop.</p>"])
    document = _side_by_side([*(rows if above else rows[::-1]), text])
    made = list(records(document))

    assert [one.metadata["caption"] for one in made if one.metadata["category"] == owner] == captions
    for given in (document, iter(document.elements), made, iter(made)):
        chunks = list(chunk_elements(given))
        assert [chunk.caption for chunk in chunks] == [*captions, ""]
        assert [caption in chunk.text for caption, chunk in zip(captions, chunks, strict=False)] == [True] * count


@pytest.mark.parametrize("category", ["caption", "paragraph"])
@pytest.mark.parametrize(("count", "wanted"), [(1, ["Table 2. Rain"]), (2, ["", "Table 2. Rain"])])
def test_a_caption_above_the_last_of_a_row_alone_is_its_own(category: str, count: int, wanted: list[str]) -> None:
    """Where no table stands below it in its column, it is the caption of the one beside it."""
    tables = [TABLE, TABLE][:count]
    text = "<p>What follows is a text of its own, and ends with a stop.</p>"
    given = _side_by_side([(category, ["", "<p>Table 2. Rain</p>"]), ("table", [*tables, ""][:2]), ("list", [text])])

    chunks = list(chunk_elements([one for one in given.elements if one.html]))

    assert [chunk.caption for chunk in chunks] == [*wanted, ""]
    assert ["Rain" in chunk.text for chunk in chunks[:count]] == [bool(one) for one in wanted]


@pytest.mark.parametrize("above", [True, False])
def test_each_row_of_a_grid_of_figures_has_its_own_captions(*, above: bool) -> None:
    pictures = ("figure", ["<figure>North</figure>", "<figure>South</figure>"])
    rows = []
    for first in (1, 3):
        captions = ("caption", [f"<caption>Figure {number}. Rain</caption>" for number in (first, first + 1)])
        rows += [captions, pictures] if above else [pictures, captions]
    document = _side_by_side(rows)
    wanted = [f"Figure {number}. Rain" for number in range(1, 5)]

    assert [one.metadata["caption"] for one in records(document) if one.metadata["category"] == "figure"] == wanted
    assert [chunk.caption for chunk in chunk_elements(document)] == wanted


@pytest.mark.parametrize("pictures", [("", ""), ("North", ""), ("", "South")])
def test_pictures_without_words_in_a_row_have_each_its_own_caption(pictures: tuple[str, str]) -> None:
    markup = [f"<figure>{words or '<img>'}</figure>" for words in pictures]
    captions = ["Figure 1. Rain", "Figure 2. Wind"]
    document = _side_by_side([("figure", markup), ("caption", [f"<p>{caption}</p>" for caption in captions])])

    chunks = list(chunk_elements(document, output_format="text"))

    assert [chunk.caption for chunk in chunks] == captions
    assert [words in chunk.text for words, chunk in zip(pictures, chunks, strict=True)] == [True, True]


def test_a_table_between_a_picture_without_words_and_a_caption_is_not_lost() -> None:
    given = _page(("figure", "<figure><img alt=''></figure>"), ("table", _MILLS), ("caption", "<p>Table 1. Mills</p>"))

    (chunk,) = chunk_elements(given, output_format="text")

    assert (chunk.metadata["category"], chunk.caption) == ("table", "Table 1. Mills")
    assert "North" in chunk.text


def test_a_caption_without_room_beside_the_text_above_is_that_of_the_picture_without_words_below_it() -> None:
    given = _page(
        ("paragraph", f"<p>{'It rained. ' * 20}</p>"),
        ("paragraph", "<p>Figure 1. Rain</p>"),
        ("figure", "<figure><img alt=''></figure>"),
    )

    chunks = list(chunk_elements(given, output_format="text", chunk_size=225))

    assert [chunk.caption for chunk in chunks] == ["", "Figure 1. Rain"]


def test_what_waits_for_the_table_beside_stands_once() -> None:
    units = ["<p>(in thousands)</p>", "<p>(in millions)</p>"]
    document = _side_by_side(
        [("paragraph", units), ("figure", ["<figure><img alt=''></figure>"]), ("table", [TABLE, TABLE])]
    )

    texts = "\n".join(chunk.text for chunk in chunk_elements(document, output_format="text"))

    assert (texts.count("thousands"), texts.count("millions")) == (1, 1)


def test_units_and_sources_in_columns_go_to_the_table_in_their_column() -> None:
    document = _side_by_side(
        [
            ("paragraph", ["<p>Table 1. Rain</p>", "<p>Table 2. Wind</p>"]),
            ("paragraph", ["<p>(in thousands)</p>", "<p>(in millions)</p>"]),
            ("table", [TABLE, TABLE]),
            ("paragraph", ["<p>Source: North</p>", "<p>Source: South</p>"]),
        ]
    )
    wanted = [{"Rain", "thousands", "North"}, {"Wind", "millions", "South"}]

    chunks = list(chunk_elements(document))

    assert [{word for word in set.union(*wanted) if word in chunk.text} for chunk in chunks] == wanted


def test_a_caption_below_a_whole_row_goes_to_the_last() -> None:
    document = _side_by_side(
        [("figure", ["<figure>North</figure>", "<figure>South</figure>"]), ("caption", ["<p>Figure 1. Both</p>"])]
    )

    assert [one.metadata["caption"] for one in records(document)] == ["", "Figure 1. Both", ""]
    assert [chunk.caption for chunk in chunk_elements(document)] == ["", "Figure 1. Both"]


def test_one_caption_above_a_row_of_tables_goes_to_the_first() -> None:
    document = _side_by_side([("caption", ["<caption>Table 1. Rain</caption>"]), ("table", [TABLE, TABLE])])

    assert [one.metadata["caption"] for one in records(document)] == ["", "Table 1. Rain", ""]
    assert [one.caption for one in chunk_elements(document)] == ["Table 1. Rain", ""]


@pytest.mark.parametrize("caption", ["Exhibit 2: Growth", "図表2 推移", "[도표 2] 추이"])
@pytest.mark.parametrize("nearer", ["figure", "table"])
def test_a_caption_of_either_kind_goes_to_what_it_is_nearer_to(caption: str, nearer: str) -> None:
    tops = {"figure": 0.1, "caption": 0.33 if nearer == "figure" else 0.47, "table": 0.5}
    markup = {"figure": "<figure>Harbour</figure>", "caption": f"<p>{caption}</p>", "table": TABLE}
    made = [
        Element(number, 1, "paragraph" if name == "caption" else name, markup[name],
                coordinates=((0.1, top), (0.9, top), (0.9, bottom), (0.1, bottom)))
        for number, (name, top) in enumerate(tops.items())
        for bottom in (top + (0.02 if name == "caption" else 0.2),)
    ]  # fmt: skip

    chunks = list(chunk_elements(ParsedDocument("plan.pdf", "cd" * 32, "m", tuple(made), total_pages=1)))

    assert [one.metadata["category"] for one in chunks if caption in one.text] == [nearer]


@pytest.mark.parametrize(
    "words", ["표본 추출 방법", "표준 1", "지도자 1명", "사진관 2곳", "그림자 길이", "Tables", "Figures", "Exhibits"]
)
def test_words_that_begin_as_a_label_does_are_no_caption(words: str) -> None:
    assert caption_label(words) == ""


@pytest.mark.parametrize("words", ["(백만원)", "(천 명)", "(개, %)", "[억원]"])
def test_a_korean_unit_in_brackets_is_a_unit(words: str) -> None:
    assert is_unit(words)


@pytest.mark.parametrize(
    ("words", "box", "belongs"),
    [
        ("The mill in spring", (0.40, 0.51, 0.60, 0.53), True),
        ("The mill in spring", (0.40, 0.60, 0.60, 0.62), False),
        ("The mill in spring", (0.21, 0.51, 0.40, 0.53), False),
        ("The mill ran all spring.", (0.40, 0.51, 0.60, 0.53), False),
        ("What was seen:", (0.40, 0.51, 0.60, 0.53), False),
        ("The mill in spring", (0.05, 0.51, 0.95, 0.53), False),
    ],
)
def test_a_short_line_in_the_middle_below_a_figure_is_its_title(
    words: str, box: tuple[float, float, float, float], belongs: bool
) -> None:
    figure = Owned("figure", 1, (0.2, 0.2, 0.8, 0.5))

    assert role_below(Line(words, "paragraph", 1, box), figure) == ("caption" if belongs else "")
    assert role_below(Line(words, "paragraph", 1, box), Owned("table", 1, (0.2, 0.2, 0.8, 0.5))) == ""


@pytest.mark.parametrize(
    ("words", "top", "belongs"),
    [
        ("Mills that were idle are left out", 0.505, True),
        ("ⓒ 2031 Mill Owners", 0.505, True),
        ("ⓒ통계청", 0.505, True),
        ("ⓒ 폐쇄한 곳", 0.505, False),
        ("What the mills made", 0.56, False),  # as far below as what begins anew
        ("The mills stood idle.", 0.505, False),
        ("Of these mills:", 0.505, False),
        ("4 Mills", 0.505, False),
        ("17", 0.505, False),
    ],
)
def test_a_short_line_close_below_a_table_is_a_remark_on_it(words: str, top: float, belongs: bool) -> None:
    table = Owned("table", 1, (0.2, 0.2, 0.8, 0.5))

    assert is_remark_below(Line(words, "paragraph", 1, (0.2, top, 0.6, top + 0.02)), table, named=True) is belongs


def test_boxes_that_lie_over_each_other_do_not_tell_what_stands_above() -> None:
    table = Owned("table", 1, (0.1, 0.1, 0.9, 0.2))
    numbered = Line("4 Mills", "paragraph", 1, (0.1, 0.1, 0.9, 0.2))

    assert is_remark_below(numbered, table, named=False)
    assert not is_remark_below(numbered, table, named=True)
    assert not is_remark_below(msgspec.structs.replace(numbered, box=(0.0, 0.0, 0.0, 0.0)), table, named=False)


def _page(*parts: tuple[str, str], step: float = 0.06) -> ParsedDocument:
    """A page of *parts*, categories with their HTML, one below the other."""
    elements = []
    for number, (category, html) in enumerate(parts):
        top = 0.05 + step * number
        corners = ((0.1, top), (0.9, top), (0.9, top + 0.045), (0.1, top + 0.045))
        elements.append(Element(number, 1, category, html, coordinates=corners))
    return ParsedDocument("report.pdf", "", "m", tuple(elements))


_MILLS = "<table><tr><td>Mill</td><td>2023</td></tr><tr><td>North</td><td>41</td></tr></table>"
_LONG = (
    "<p>The following table sets out what each of the mills along the river made in the year that ended on the last "
    "day of December, as its owners reported it to the county:</p>"
)


@pytest.mark.parametrize("title", [("heading1", "<h1>3 Mills</h1>"), ("paragraph", "<p>Mills of the north</p>")])
def test_what_stands_above_an_announcement_goes_with_its_table(title: tuple[str, str]) -> None:
    given = _page(("paragraph", "<p>The year began well.</p>"), title, ("paragraph", _LONG), ("table", _MILLS))

    chunks = [chunk.text for chunk in chunk_elements(given)]

    assert len(chunks) == 2
    assert all(part in chunks[1] for part in (title[1], _LONG, _MILLS))


@pytest.mark.parametrize(
    "label",
    [
        "Table 1.",
        "TABLE IV",
        "〈표 2-1〉",
        "表3",
        "표 Ⅳ",
        "제1표",
        "표 3-가",
        "表一",
        "第3表",
        "表①",
        "3. táblázat",
        "Table A",
        "Table n.º 3",
    ],
)
@pytest.mark.parametrize("title", ["Flour of each mill in the north.", "Flour of each mill in the north"])
def test_the_title_below_a_label_that_stands_alone_goes_with_its_table(label: str, title: str) -> None:
    text = ("paragraph", "<p>The year began well.</p>")
    given = _page(text, ("paragraph", f"<p>{label}</p>"), ("paragraph", f"<p>{title}</p>"), ("table", _MILLS))

    (*_, chunk), (*_, record) = chunk_elements(given), records(given)

    assert label in chunk.text
    assert title in chunk.text
    assert [one.metadata["caption"] for one in (chunk, record)] == [f"{label} {title}"] * 2


def test_the_title_below_the_label_of_a_figure_is_its_caption_with_the_notes_that_follow() -> None:
    figure = ("figure", '<figure><img alt="A quay"></figure>')
    lines = ("Figure 2", "The quay of the north", "Source: harbour office", "The river froze in May.")
    given = _page(figure, *(("paragraph", f"<p>{line}</p>") for line in lines), step=0.02)

    first, *_ = chunk_elements(given)

    assert [line in first.text for line in lines] == [True, True, True, False]
    assert first.metadata["caption"] == "Figure 2 The quay of the north"


def test_each_picture_of_a_figure_goes_with_the_line_that_says_which_part_it_is() -> None:
    parts = [
        ("figure", '<figure><img alt="A quay"></figure>', 0.1, 0.2, 0.3),
        ("figure", '<figure><img alt="A ship"></figure>', 0.55, 0.2, 0.3),
        ("paragraph", "<p>(a) The quay</p>", 0.1, 0.31, 0.33),
        ("paragraph", "<p>(b) The ship</p>", 0.55, 0.31, 0.33),
        ("paragraph", "<p>Figure 3. The harbour of the north</p>", 0.3, 0.34, 0.36),
    ]
    made = tuple(
        Element(number, 1, category, html, coordinates=((x, y), (x + 0.35, y), (x + 0.35, end), (x, end)))
        for number, (category, html, x, y, end) in enumerate(parts)
    )

    quay, ship = (chunk.metadata["caption"] for chunk in chunk_elements(made))

    assert (quay, ship) == ("(a) The quay", "(b) The ship Figure 3. The harbour of the north")


@pytest.mark.parametrize("title", ["(7) Mills", "NOTE 12 — Mills", "Note 3. Mills of the north", "4 Mills"])
@pytest.mark.parametrize(
    "announcement",
    [
        "In December, our mills were:",
        "Mills consist of the following (in thousands):",
        "内訳：",
        "What the mills made is summarized in the following table.",
    ],
)
def test_a_title_stands_above_a_line_that_leads_to_the_table(title: str, announcement: str) -> None:
    given = _page(
        ("paragraph", "<p>The year began well.</p>"),
        ("paragraph", f"<p>{title}</p>"),
        ("paragraph", f"<p>{announcement}</p>"),
        ("table", _MILLS),
    )

    chunks = [chunk.text for chunk in chunk_elements(given)]

    assert len(chunks) == 2
    assert title in chunks[1]
    assert announcement in chunks[1]


@pytest.mark.parametrize(
    ("lines", "belongs"),
    [
        ("North Mills, Inc.<br>Statement of Flour<br>Years ended December 31<br>(In tonnes)", True),
        ("NORTH MILLS CO.<br>STATEMENTS OF FLOUR", True),
        ("북부 제분소<br>밀가루 생산 현황<br>(단위: 톤)", True),
        ("The mills of the north and<br>those of the south", False),  # a text that was wrapped
        ("The river froze.<br>Mills of the north", False),
        ("What follows is of<br>Mills:", False),
        ("북부 지역의 제분소는 지난해 봄부터 가을까지 밀가루를<br>생산하여 항만의 여러 창고에 보관하고 있음", False),
        ("제분소 점검<br>- 기간: 5월<br>- 대상: 북부", False),  # a list
        ("Sold to:<br>North Mills<br>4 Quay Road", False),
    ],
)
def test_the_lines_above_a_statement_are_its_title_together(lines: str, belongs: bool) -> None:
    given = _page(("paragraph", "<p>The year began well.</p>"), ("paragraph", f"<p>{lines}</p>"), ("table", _MILLS))

    chunk = [*chunk_elements(given)][-1]

    words = lines.replace("<br>", " ")
    assert (chunk.metadata["caption"] == words) is belongs
    assert ([*records(given)][-1].metadata["caption"] == words) is belongs


def test_records_and_chunks_name_the_same_titles_above_one_with_a_colon() -> None:
    lines = ["The year began well.", "(7) Mills", "In December, our mills were:"]
    given = _page(*(("paragraph", f"<p>{line}</p>") for line in lines), ("table", _MILLS))

    record, chunk = [*records(given)][-1], [*chunk_elements(given)][-1]

    assert record.metadata["caption"] == chunk.metadata["caption"] == "(7) Mills In December, our mills were:"


@pytest.mark.parametrize(
    "announcement", ["The following table shows what the mills made.", "What the mills made is shown below."]
)
def test_an_announcement_stands_above_a_title_with_a_colon(announcement: str) -> None:
    lines = ["The year began well. The board met.", announcement, "Mills of the north:"]
    given = _page(*(("paragraph", f"<p>{line}</p>") for line in lines), ("table", _MILLS))

    first, second = (chunk.text for chunk in chunk_elements(given))

    assert lines[0] in first
    assert all(line in second for line in lines[1:])


@pytest.mark.parametrize(
    "notes",
    [
        ("Notes: (1) Gross of tax", "(2) Net of tax"),
        ("Notes", "1. The river was low.", "2. The owners reported it."),
        ("주1) 잠정치임", "2) 가동 중인 곳"),
        ("注", "1）不含税", "2）含税"),
        ("（注）１．金額は税抜である。", "２．端数は切り捨てた。"),
        ("비고", "1. 수수료는 선납한다.", "2. 환불하지 않는다."),
        ("주: ⑴ 잠정치이다.", "⑵ 가동 중인 곳이다."),
        ("* Closed in May", "** Closed in June", "*** Closed in July, **again**"),
        ("Note a) Gross of tax", "b) Net of tax"),
    ],
)
def test_notes_that_go_on_after_the_first_one_stay_with_their_table(notes: tuple[str, ...]) -> None:
    lines = [("paragraph", f"<p>{note}</p>") for note in notes]
    given = _page(("caption", "<caption>Table 1. Mills</caption>"), ("table", _MILLS), *lines)

    (chunk,) = chunk_elements(given)

    assert all(note in chunk.text for note in notes)


@pytest.mark.parametrize(
    "notes",
    [
        ("1) Gross of tax.", "2) Net of tax."),
        ("(1) 잠정치이다.", "(2) 가동 중인 곳이다."),
        ("1) 2030년 말 기준이다.", "2) 12곳을 포함한다."),
    ],
)
@pytest.mark.parametrize(
    ("category", "step", "belong"), [("footnote", 0.06, True), ("footnote", 0.08, False), ("paragraph", 0.06, False)]
)
def test_footnotes_close_below_a_table_are_its_notes(
    notes: tuple[str, ...], category: str, step: float, *, belong: bool
) -> None:
    """Also without their marks in the table; those of the page stand further below."""
    lines = [(category, f"<p>{note}</p>") for note in notes]
    given = _page(("caption", "<caption>Table 1. Mills</caption>"), ("table", _MILLS), *lines, step=step)

    first = next(iter(chunk_elements(given)))

    assert [note in first.text for note in notes] == [belong, belong]


def test_a_form_to_tick_between_title_and_unit_severs_no_title_of_its_table() -> None:
    lines = ("主要数据", "√适用 □不适用", "单位：元")
    above = [("paragraph", "<p>收获增加。</p>"), *(("paragraph", f"<p>{line}</p>") for line in lines)]

    text = _chunk_of_table(_document(*above, ("table", TABLE), gap=0.032))

    assert all(line in text for line in lines)
    assert "收获增加" not in text


@pytest.mark.parametrize(
    ("words", "page", "belongs"), [("자료: 항만청", 2, True), ("Source: x", 3, False), ("Ships", 2, False)]
)
def test_a_note_on_top_of_the_next_page_stays_with_its_table(words: str, page: int, *, belongs: bool) -> None:
    document = _document(("table", TABLE), ("paragraph", f"<p>{words}</p>"))
    table, below = document.elements
    below = msgspec.structs.replace(below, page=page)

    assert (words in _chunk_of_table(msgspec.structs.replace(document, elements=(table, below)))) is belongs


def test_notes_that_go_on_are_no_caption_of_the_next_table() -> None:
    given = _page(
        ("table", _MILLS),
        *(("paragraph", f"<p>{words}</p>") for words in ("Notes", "1. Gross of tax", "2. Net of tax")),
        ("table", _MILLS),
    )

    made = [record for record in records(given) if record.metadata["category"] == "table"]

    assert [one.metadata["caption"] for one in (*made, *chunk_elements(given))] == [""] * 4


@pytest.mark.parametrize("following", ["2. The mills were repaired in spring.", "(3) Net of tax.", "1. The river."])
def test_a_numbered_text_that_does_not_go_on_with_the_notes_is_none(following: str) -> None:
    given = _page(
        ("caption", "<caption>Table 1. Mills</caption>"),
        ("table", _MILLS),
        ("paragraph", "<p>Note: (1) Gross of tax.</p>"),
        ("paragraph", f"<p>{following}</p>"),
    )

    first, second = (chunk.text for chunk in chunk_elements(given))

    assert "Gross" in first
    assert following in second


def test_a_short_line_with_a_colon_is_a_title_and_goes_with_its_table_however_small_the_chunk() -> None:
    title = "<p>What the mills along the river ground for others:</p>"

    chunks = [chunk.text for chunk in chunk_elements(_page(("paragraph", title), ("table", _MILLS)), chunk_size=120)]

    assert chunks == [f"{title}\n{_MILLS}"]


@pytest.mark.parametrize("source", ["- 자료: 통계청", "○ 자료: 통계청", "– : none"])
def test_a_source_behind_a_bullet_is_no_title_of_what_stands_below_it(source: str) -> None:
    given = _page(
        ("paragraph", "<p>It rained. The board met.</p>"), ("paragraph", f"<p>{source}</p>"), ("table", _MILLS)
    )

    assert [chunk.metadata["caption"] for chunk in chunk_elements(given)] == ["", ""]


def test_a_line_between_two_tables_is_the_title_of_the_second() -> None:
    given = _page(("table", _MILLS), ("paragraph", "<p>Mills of the south</p>"), ("table", _MILLS), step=0.05)

    first, second = (chunk.text for chunk in chunk_elements(given))

    assert "south" not in first
    assert "south" in second


def test_a_remark_stays_with_its_table_and_a_text_does_not() -> None:
    given = _page(
        ("caption", "<caption>Table 1. Mills</caption>"),
        ("table", _MILLS),
        ("paragraph", "<p>Mills that were idle are left out</p>"),
        ("paragraph", "<p>The year went on.</p>"),
        step=0.05,
    )

    first, second = (chunk.text for chunk in chunk_elements(given))

    assert "left out" in first
    assert second == "<p>The year went on.</p>"


@pytest.mark.parametrize(("size", "travels"), [(300, False), (1000, True)])
def test_of_an_announcement_that_is_large_for_a_chunk_the_last_sentence_travels(size: int, travels: bool) -> None:
    announcement = (
        "<p>The mills along the river were counted in the spring, and once more in autumn, by the county. "
        "What each of them made was as follows:</p>"
    )

    chunks = [
        chunk.text for chunk in chunk_elements(_page(("paragraph", announcement), ("table", _MILLS)), chunk_size=size)
    ]

    assert ("The mills along" in chunks[-1]) is travels
    assert "as follows:" in chunks[-1]
    assert _MILLS in chunks[-1]


@pytest.mark.parametrize(
    "line",
    ["**Table 7.** Harvest", "### Table 7. Harvest ##", "- Table 7. Harvest", "*Table 7. Harvest*",
     "Table 7. Harvest\n---", "> **Table 7. Harvest**", "Table 7. Harvest"],
)  # fmt: skip
def test_a_caption_is_told_without_the_marks_of_markdown_and_stands_once_in_the_context(line: str) -> None:
    text = f"{line}\n\n| County | Tons |\n| --- | --- |\n| North | 7 |\n"
    (chunk,) = chunk_elements(Record("r", text, {"source": "a.md"}))
    assert chunk.metadata["caption"] == "Table 7. Harvest"
    assert contextualize(chunk) == chunk.text


def test_a_caption_that_is_called_a_heading_stands_once_in_the_context() -> None:
    elements = (
        Element(0, 1, "heading1", "<h1>Table 7. Harvest</h1>", text="Table 7. Harvest"),
        Element(1, 1, "table", "<table><tr><td>County</td><td>7</td></tr></table>"),
    )
    (chunk,) = chunk_elements(ParsedDocument("a.pdf", "", "", elements, total_pages=1))
    assert chunk.metadata["caption"] == "Table 7. Harvest"
    assert contextualize(chunk) == chunk.text


@pytest.mark.parametrize(
    "around",
    [
        "<center>{}</center>",
        "<p><font size=2 color=black>{}</font></p>",
        "<p><small><strike>{}</strike></small></p>",
        '<CENTER><FONT FACE="x">{}</FONT></CENTER>',
        "<blockquote>{}</blockquote>",
        "<article>{}</article>",
    ],
)  # fmt: skip
def test_a_caption_in_old_html_of_other_loaders_travels_with_its_unit(around: str) -> None:
    table = "<table><tr><td>County</td><td>Tons</td></tr><tr><td>North</td><td>7</td></tr></table>"
    lines = [around.format(words) for words in ("Table 7. Harvest", "(in thousands)", "Source: harbour office")]
    html = f"<p>It was a good year for all.</p>{lines[0]}{lines[1]}{table}{lines[2]}<p>The next one was not.</p>"
    chunks = list(chunk_elements(Record("r", html, {"source": "a.html"})))
    assert [chunk.metadata["category"] for chunk in chunks] == ["paragraph", "table", "paragraph"]
    assert chunks[1].metadata["caption"] == "Table 7. Harvest"
    assert "in thousands" in chunks[1].text
    assert "harbour office" in chunks[1].text


@pytest.mark.parametrize(("left", "belongs"), [(0.35, True), (0.12, False)])
def test_lines_of_a_centred_title_go_with_their_table_together(left: float, belongs: bool) -> None:
    lines = [(left, "North Mills"), (0.25, "Statement of what was ground"), (0.30, "Years ended in May"), (0.1, "")]
    made = tuple(
        Element(number, 1, category, html, coordinates=((x, y), (end, y), (end, y + 0.014), (x, y + 0.014)))
        for number, (x, words) in enumerate(lines)
        for category, html in ([("paragraph", f"<p>{words}</p>")] if words else [("table", _MILLS)])
        for y, end in ((0.2 + 0.02 * number, 0.4 if x == 0.12 else 1 - x),)
    )

    (*_, chunk), (*_, record) = chunk_elements(made), records(ParsedDocument("a.pdf", "", "m", made))

    named = " ".join(words for _, words in lines[0 if belongs else 1 : 3])
    assert [one.metadata["caption"] for one in (chunk, record)] == [named, named]


def test_what_is_left_of_a_long_text_is_no_line_of_a_title() -> None:
    words = "The mills of the north were visited in each month by those who keep the books of the county " * 3
    boxes = [("paragraph", f"<p>{words}and of rye</p>", 0.1, 0.1, 0.2), ("table", _MILLS, 0.2, 0.21, 0.4)]
    made = tuple(
        Element(number, 1, category, html, coordinates=((x, y), (1 - x, y), (1 - x, end), (x, end)))
        for number, (category, html, x, y, end) in enumerate(boxes)
    )

    *_, last = chunk_elements(made, chunk_size=250)

    assert (last.text, last.metadata["caption"]) == (_MILLS, "")


def test_a_caption_close_below_a_table_that_has_one_is_that_of_the_next_table() -> None:
    """Also where all gaps are alike, and whatever a split table repeats."""
    captions = [f"Table {number}. Mills of {place}" for number, place in enumerate(("Arden", "Brede", "Corve"), 1)]
    given = _page(*[one for caption in captions for one in (("paragraph", f"<p>{caption}</p>"), ("table", _MILLS))])

    chunks = list(chunk_elements(given))

    assert [chunk.metadata["caption"] for chunk in chunks] == captions
    assert [[one for one in captions if one in chunk.text] for chunk in chunks] == [[one] for one in captions]


def test_a_caption_in_a_running_header_of_the_next_page_is_that_of_the_table_below_it() -> None:
    first = _page(("paragraph", "<p>Table 1. Mills</p>"), ("table", _MILLS))
    second = _page(("header", "<header>Table 1. Continued</header>"), ("table", _MILLS.replace("North", "South")))
    elements = (*first.elements, *(msgspec.structs.replace(one, page=2, id=one.id + 9) for one in second.elements))

    chunks = list(chunk_elements(ParsedDocument("report.pdf", "", "m", elements)))

    assert ["Continued" in chunk.text for chunk in chunks] == [False, True]
    assert [chunk.metadata["caption"] for chunk in chunks] == ["Table 1. Mills", "Table 1. Continued"]
