"""Mends what an Office file says of its parts: which there are, what each is, and which leads to which.

The libraries refuse a whole file for a list of types or a relationship that is missing or wrong. What a part is follows
from its root, and so does most of what leads to it. ECMA-376, part 2.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from upstage_docs.local.office.part_kinds import (
    CONTENT_TYPES,
    KINDS,
    OFFICE_RELATIONS,
    PACKAGE_RELATIONS,
    RELATIONS,
    PartKind,
    kind_of,
)

TYPES = "[Content_Types].xml"
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)
_WORKBOOK, _PRESENTATION = "xl/workbook.xml", "ppt/presentation.xml"
_NO_TYPE = "application/octet-stream"
_LISTED = {
    b"sldMasterId": "sldMaster",
    b"notesMasterId": "notesMaster",
    b"sldId": "sld",
    b"sheet": "worksheet",
    b"headerReference": "hdr",
    b"footerReference": "ftr",
}
"""What the main part lists by the ids of relationships, to the root of what it lists."""
_LISTING = re.compile(rb"<(?:\w+:)?(%s)\s[^<>]*?\b\w+:id=[\"']([^\"'<>]+)[\"']" % b"|".join(_LISTED))
_ALONE = ("styles", "numbering", "settings", "footnotes", "endnotes", "sst", "styleSheet")
"""Roots of parts of which a file has one, and which are found by the type of the relationship."""
_TAG_WITH_REFERENCE = re.compile(rb"<[^<>]*\br:[^<>]*>")
_REFERENCE = re.compile(rb"\br:(?:id|embed|link|dm|pict)=[\"']([^\"'<>]+)[\"']")
_MOST_SEARCHED = 20_000_000
"""Bytes of a part that is searched for references that lead nowhere."""


class Package:
    """The parts of an Office file.

    Attributes:
        archive: The file, open.
        changed: Parts that are not as in the file; those without content are not in it any more.
        roots: Of the XML parts, name space and name with a space between them.
    """

    def __init__(self, archive: zipfile.ZipFile, changed: dict[str, bytes], roots: dict[str, str]) -> None:
        self.archive = archive
        self.changed = changed
        self.roots = roots
        found = {*archive.namelist(), *changed} - {name for name, rest in changed.items() if not rest}
        # XML cannot hold the others: nothing leads to them.
        files = sorted((name for name in found if name.isprintable() and not name.endswith("/")), key=_counted)
        self._names = {name.lower(): name for name in files}  # they are told apart by more than capitals
        self._made: set[str] = set()
        self._missing: dict[str, set[str]] = {}  # part → ids of the relationships that led to nothing

    def content(self, name: str) -> bytes:
        """Return the bytes of a part, none if it cannot be unpacked."""
        if name in self.changed:
            return self.changed[name]
        with suppress(KeyError, *UNREADABLE):
            return self.archive.read(name)
        return b""

    def mend(self) -> Iterator[str]:
        """Put right what leads to the parts and what they are said to be; yield what is lost, as sentences."""
        main = self._main()
        if main in self._made:
            yield f"the part {main} of the file is missing; its parts are read in the order of their names"
        owners = {_owner(name) for name in self._names.values() if name.endswith(".rels")} - {"", main}
        # What leads to the main part first, then what leads from it: a part that is left out there has no others.
        for owner in ("", *([main] if main else []), *sorted(owners)):
            yield from self._mend_relationships(owner, main)
        for name in list(self._names.values()):
            if self._what_is(name) and not name.endswith(".rels") and self._size(name) < _MOST_SEARCHED:
                known = {relation.get("Id", "") for relation in self._relationships(name)}
                tags = _TAG_WITH_REFERENCE.findall(self.content(name))
                named = {found.decode("utf-8", "replace") for found in _REFERENCE.findall(b"".join(tags))}
                if named - known - self._missing.get(name, set()):
                    yield f"the part {name} of the file refers to parts that cannot be told"
        self._mend_types()

    def _what_is(self, name: str) -> PartKind | None:
        return kind_of(self.roots.get(name, ""))

    def _of_root(self, root: str) -> list[str]:
        return [name for name in self._names.values() if self._what_is(name) is KINDS[root]]

    def _size(self, name: str) -> int:
        return len(self.changed[name]) if name in self.changed else self.archive.getinfo(name).file_size

    def _main(self) -> str:
        """Return the main part, an empty text if there is none.

        One that is missing, or so damaged that it lists nothing, is made of the sheets or slides that there are.
        """
        mains = [name for root in ("document", "presentation", "workbook") for name in self._of_root(root)]
        if mains and (mains[0] not in self.changed or _LISTING.search(self.content(mains[0]))):
            return mains[0]
        for name, listed in ((_WORKBOOK, "worksheet"), (_PRESENTATION, "sld")):
            if found := self._of_root(listed):
                self._make_main(name, len(found))
                return name
        return mains[0] if mains else ""

    def _make_main(self, name: str, count: int) -> None:
        root = posixpath.basename(name).partition(".")[0]
        namespace = KINDS[root].namespace
        holder, item = ("sheets", "sheet") if name == _WORKBOOK else ("sldIdLst", "sldId")
        items = "".join(
            f'<{item} name="Sheet{number}" sheetId="{number}" id="{255 + number}" r:id="rIdOf{number}"/>'
            for number in range(1, count + 1)
        )
        self._names[name.lower()] = name
        self.roots[name] = f"{namespace} {root}"
        self.changed[name] = (
            f'<{root} xmlns="{namespace}" xmlns:r="{OFFICE_RELATIONS}"><{holder}>{items}</{holder}></{root}>'
        ).encode()
        self.changed[_relationships_of(name)] = b""
        self._made.add(name)

    def _relationships(self, owner: str) -> Any:
        return _parsed(self.content(_relationships_of(owner)), "Relationships")

    def _mend_relationships(self, owner: str, main: str) -> Iterator[str]:
        from lxml import etree

        name = _relationships_of(owner)
        root = self._relationships(owner)
        before = etree.tostring(root)
        complete = bool(len(root))
        led_to: dict[str, str] = {}  # id → part
        types: set[str] = set()
        for relation in list(root):
            identifier, target, kind = (relation.get(key, "") for key in ("Id", "Target", "Type"))
            external = relation.get("TargetMode") == "External"
            if not (identifier and kind and (target or external)) or identifier in led_to:
                root.remove(relation)
                complete = False
                continue
            told, part = self._led_to(owner, target)
            if target.startswith("#") or (external and self._what_is(part) is None):
                led_to[identifier] = ""
                continue
            if loss := self._loss_of(told, part, kind):
                yield loss
                part = ""
            if not part and owner != _WORKBOOK:  # the library passes over a missing sheet, if anything leads to it
                root.remove(relation)
                self._missing.setdefault(owner, set()).add(identifier)
                continue
            led_to[identifier] = part
            self._put_right(relation, part, types, is_told_so=part == told and "\\" not in target)
            types.add(relation.get("Type", ""))
        if not owner and main and main not in led_to.values():
            _lead(root, "rIdOfMain", main, KINDS["document"])
        elif owner and owner == main:
            self._lead_from_main(root, owner, led_to, complete=complete)
        if etree.tostring(root) != before or (name in self.roots and self._what_is(name) is None):
            self._names[name.lower()] = name
            self.changed[name] = etree.tostring(root, encoding="UTF-8", xml_declaration=True, standalone=True)

    def _led_to(self, owner: str, target: str) -> tuple[str, str]:
        """Return where a relationship of *owner* says that it leads, and the part there, `""` if there is none."""
        told = posixpath.join("/", posixpath.dirname(owner), unquote(target).partition("#")[0].replace("\\", "/"))
        told = posixpath.normpath(told).lstrip("/")
        part = self._names.get(told.lower(), "")
        return told, "" if part.endswith(".rels") else part

    def _loss_of(self, told: str, part: str, relation: str) -> str:
        """Return what is lost where a relationship leads to no part, or to one that is something else: that goes."""
        if part and self._is_another(part, relation):
            self.changed[part] = b""
            del self._names[part.lower()]
            return f"the part {part} of the file is damaged: it is not what it should be"
        return "" if part or told in self.changed else f"the part {told} of the file is missing"

    def _put_right(self, relation: Any, part: str, types: Collection[str], *, is_told_so: bool) -> None:
        """Let a relationship lead to *part* inside the file, and be of its type; *types* are those before it."""
        if relation.get("TargetMode") == "External":
            del relation.attrib["TargetMode"]
        if part and not is_told_so:
            relation.set("Target", f"/{part}")
        found = self._what_is(part)
        if found and found.relation and not relation.get("Type", "").startswith("http://schemas."):
            own = f"{OFFICE_RELATIONS}/{found.relation}"
            if self.roots[part].rpartition(" ")[2] not in _ALONE or own not in types:
                relation.set("Type", own)

    def _is_another(self, part: str, relation: str) -> bool:
        """Say whether a part is not what a relationship of that type leads to."""
        kind = relation.rpartition("/")[2]
        told = self._what_is(part)
        return kind in RELATIONS and part in self.roots and (told is None or told.relation != kind)

    def _lead_from_main(self, root: Any, owner: str, led_to: dict[str, str], *, complete: bool) -> None:
        """Lead to what the main part lists, in order, and to the parts that it does not list."""
        listed = {
            found.decode("utf-8", "replace"): _LISTED[item] for item, found in _LISTING.findall(self.content(owner))
        }
        taken = {led_to.get(identifier) for identifier in listed}
        free = {
            kind: [part for part in self._of_root(kind) if part not in taken] for kind in (*_LISTED.values(), *_ALONE)
        }
        for identifier, kind in listed.items():
            if identifier not in led_to and free[kind] and identifier.isprintable():
                led_to[identifier] = free[kind].pop(0)
                _lead(root, identifier, led_to[identifier], KINDS[kind])
        for kind in () if complete else _ALONE:
            parts = [part for part in free[kind] if posixpath.dirname(part) == posixpath.dirname(owner)]
            if parts and not any(self._what_is(part) is KINDS[kind] for part in led_to.values()):
                _lead(root, f"rIdOf{kind}", parts[0], KINDS[kind])

    def _true_type(self, name: str, told: str) -> str:
        """Return the content type of a part by its kind, if *told* is none of Office or one of a template or macros."""
        kind = self._what_is(name)
        wrong = kind and (kind.relation == "officeDocument" or not told.startswith("application/vnd."))
        return kind.content_type if kind and wrong else told

    def _mend_types(self) -> None:
        from lxml import etree

        root = _parsed(self.content(TYPES), "Types")
        parts = {one.get("PartName", "") for one in root}
        said = {
            (one.get("PartName") or one.get("Extension") or "").lower(): one.get("ContentType") or "" for one in root
        }
        misspelled = any(self._names.get(part[1:].lower(), part[1:]) != part[1:] for part in parts)
        names = [name for name in self._names.values() if name != TYPES]
        told = {name: said.get(f"/{name}".lower()) or said.get(_suffix(name), "") for name in names}
        true = {name: self._true_type(name, told[name]) for name in names}
        if all(true.values()) and told == true and "" not in said and all(said.values()) and not misspelled:
            return
        root = etree.Element(f"{{{CONTENT_TYPES}}}Types")
        for suffix in dict.fromkeys(map(_suffix, names)):
            usual = KINDS["Relationships"].content_type if suffix == "rels" else said.get(suffix) or _NO_TYPE
            etree.SubElement(root, f"{{{CONTENT_TYPES}}}Default", Extension=suffix, ContentType=usual)
        for name, own in true.items():
            if own and not name.endswith(".rels"):
                etree.SubElement(root, f"{{{CONTENT_TYPES}}}Override", PartName=f"/{name}", ContentType=own)
        self.changed[TYPES] = etree.tostring(root, encoding="UTF-8", xml_declaration=True, standalone=True)


def canonical_names(names: Collection[str]) -> dict[str, str]:
    """Return the name that the format has for a part, for each name that is written otherwise."""
    plain = {
        name: "/".join(step for step in name.replace("\\", "/").strip().split("/") if step not in {"", ".", ".."})
        for name in names
        if not name.endswith("/")
    }
    known = {path.lower(): path for name in plain.values() for path in (_relationships_of(name),)}
    known |= {name.lower(): name for name in (TYPES, "_rels/.rels", "word/document.xml", _WORKBOOK, _PRESENTATION)}
    return {name: found for name, one in plain.items() if (found := known.get(one.lower(), one)) != name}


def _counted(name: str) -> list[tuple[int, str]]:
    """Return what puts names in the order in which a person counts them: slide2 before slide10."""
    return [(int(piece), "") if piece.isdecimal() else (-1, piece) for piece in re.split(r"(\d+)", name)]


def _suffix(name: str) -> str:
    return posixpath.basename(name).rpartition(".")[2].lower()


def _relationships_of(owner: str) -> str:
    folder, name = posixpath.split(owner)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _owner(relationships: str) -> str:
    folder, name = posixpath.split(relationships)
    return posixpath.join(posixpath.dirname(folder), name.removesuffix(".rels"))


def _lead(root: Any, identifier: str, part: str, kind: PartKind) -> None:
    from lxml import etree

    relation = f"{OFFICE_RELATIONS}/{kind.relation}"
    etree.SubElement(root, f"{{{PACKAGE_RELATIONS}}}Relationship", Id=identifier, Type=relation, Target=f"/{part}")


def _parsed(xml: bytes, name: str) -> Any:
    """Return the root of *xml*, an empty one if it is not of that name."""
    from lxml import etree

    kind = KINDS[name]
    # Expat, which has been over it, passes names of name spaces that lxml does not.
    root = (
        etree.fromstring(xml, etree.XMLParser(recover=True, resolve_entities=False, no_network=True)) if xml else None
    )
    if root is None or root.tag != f"{{{kind.namespace}}}{name}":
        return etree.Element(f"{{{kind.namespace}}}{name}")
    return root
