"""Pictures of events: checked, made smaller, freed of what cameras write into them, and kept by content."""

import hashlib
import io
import os
import re
from pathlib import Path

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from eventsapp.domain.errors import N_, Invalid

MOST_BYTES = 8 * 1024 * 1024
LONGEST_SIDE = 1600
MOST_PIXELS = 50_000_000
_ENDINGS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}
_STORED = re.compile(r"[0-9a-f]{32}\.(?:png|jpg|webp)")


def is_stored(name: str, pictures_path: Path) -> bool:
    """Whether ``name`` is that of a picture kept already."""
    return _STORED.fullmatch(name) is not None and (pictures_path / name).is_file()


def read_picture(path: Path) -> bytes:
    """The bytes of a picture file that ``store`` can take. Raises Invalid."""
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MOST_BYTES else b""
    except OSError as error:
        raise Invalid(N_("The picture %(name)s cannot be read."), key="picture", name=path.name) from error
    if size > MOST_BYTES:
        raise Invalid(N_("The picture %(name)s is larger than 8 MB; make it smaller."), key="picture", name=path.name)
    try:
        with Image.open(io.BytesIO(data), formats=list(_ENDINGS)) as image:
            fits = image.width * image.height <= MOST_PIXELS
            if fits:
                image.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise Invalid(
            N_("%(name)s is no whole PNG, JPEG or WebP picture; save it again in one of these formats."),
            key="picture",
            name=path.name,
        ) from error
    if not fits:
        raise Invalid(N_("The picture %(name)s has too many pixels; make it smaller."), key="picture", name=path.name)
    return data


def name_of(data: bytes) -> str:
    """Under which name ``store`` keeps a picture that ``read_picture`` accepted."""
    with Image.open(io.BytesIO(data), formats=list(_ENDINGS)) as image:
        return f"{hashlib.sha256(data).hexdigest()[:32]}.{_ENDINGS[str(image.format)]}"


def store(data: bytes, pictures_path: Path) -> str:
    """Keep a picture that ``read_picture`` accepted; returns its name, which the same bytes have again."""
    name = name_of(data)
    if is_stored(name, pictures_path):
        return name
    with Image.open(io.BytesIO(data), formats=list(_ENDINGS)) as image:
        encoded = _encoded(image, str(image.format))
    pictures_path.mkdir(parents=True, exist_ok=True)
    draft = pictures_path / f".{name}.{os.getpid()}"
    draft.write_bytes(encoded)
    draft.replace(pictures_path / name)
    return name


def _encoded(image: Image.Image, kind: str) -> bytes:
    upright = ImageOps.exif_transpose(image) or image
    has_alpha = kind != "JPEG" and upright.has_transparency_data
    plain = _in_srgb(upright).convert("RGBA" if has_alpha else "RGB")
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    bare = Image.new(plain.mode, plain.size)  # a new one has none of the old one's metadata
    bare.paste(plain)
    target = io.BytesIO()
    bare.save(target, kind, **({"optimize": True} if kind == "PNG" else {"quality": 84}))
    return target.getvalue()


def _in_srgb(image: Image.Image) -> Image.Image:
    """Colours as they were meant, because the profile that says so is dropped."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return image
    try:
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return converted or image
