"""Writes the crops of elements as picture files into a folder of the caller, and checks the options that ask for it."""

from __future__ import annotations

import os
from base64 import b64decode
from binascii import Error
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile

from upstage_docs.errors import ConfigError, InvalidResponseError
from upstage_docs.loading.options import LoadOptions
from upstage_docs.models import Element, ParsedDocument
from upstage_docs.options import ParseOptions
from upstage_docs.records.crop_names import crop_name
from upstage_docs.records.options import RecordOptions

_CROPPED = ("figure", "chart")
_SUFFIXES = {b"\x89PNG": ".png", b"RIFF": ".webp"}


def with_crops(
    options: ParseOptions, form: RecordOptions, load: LoadOptions
) -> tuple[ParseOptions, RecordOptions, LoadOptions]:
    """Check the options of crops, and translate `crops=` and `crop_folder=` into `base64_encoding` and `images`.

    Raises:
        ConfigError: Crops are to be written, and there is no folder, or no element that they belong to.
    """
    if (load.crops is None) != (load.crop_folder is None):
        raise ConfigError("crops= (what to crop) and crop_folder= (where crops are written) go together; give both.")
    if load.crops is not None:
        if form.images != "none" or load.image_folder is not None:
            raise ConfigError("crops= and crop_folder= replace images= and image_folder=; give one of the two pairs.")
        options = replace(options, base64_encoding=tuple(dict.fromkeys([*options.base64_encoding, *load.crops])))
        form = replace(form, images="files")
        load = replace(load, crops=None, crop_folder=None, image_folder=load.crop_folder)
    if (form.images == "files") != (load.image_folder is not None):
        raise ConfigError('images="files" and image_folder= go together: crops are written into that folder.')
    if form.images == "base64" and form.split != "element":
        raise ConfigError('images="base64" goes with split="element"; crops= and crop_folder= go with every split.')
    if form.images != "none" and not options.base64_encoding:
        options = replace(options, base64_encoding=_CROPPED)
    return options, form, load


def write_crops(
    document: ParsedDocument, folder: str | os.PathLike[str], *, option: str = "image_folder"
) -> dict[int, str]:
    """Write each element's crop into *folder*, made if missing, and return element id → path.

    A file is named after the document's hash, the page and the element, so that the same crop is always the same
    file and two documents never share one; a file is complete or not there. *option* is how the caller gave the folder.

    Raises:
        ConfigError: The folder cannot be written.
        InvalidResponseError: A crop is not base64.
    """
    found = [element for element in document.elements if element.base64_encoding]
    if not found:
        return {}
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
        return {element.id: str(_write(place, document, element)) for element in found}
    except OSError as error:
        raise ConfigError(f"{option}={str(folder)!r} cannot be written: {error}.") from error


def _write(place: Path, document: ParsedDocument, element: Element) -> Path:
    try:
        picture = b64decode(element.base64_encoding.partition("base64,")[2] or element.base64_encoding, validate=True)
    except Error as error:
        raise InvalidResponseError(
            f"{document.source!r}: the crop of element {element.id} on page {element.page} is not base64 ({error})."
        ) from error
    suffix = _SUFFIXES.get(picture[:4], ".jpg")
    path = place / crop_name(document.file_sha256, element.page, element.id, suffix)
    if not path.exists():
        with NamedTemporaryFile(dir=place, prefix=f".{path.name}.", delete=False) as part:
            part.write(picture)
        Path(part.name).replace(path)
    return path
