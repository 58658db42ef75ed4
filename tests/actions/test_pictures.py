import io

import pytest
from PIL import Image, ImageCms

from eventsapp.actions.pictures import LONGEST_SIDE, MOST_BYTES, is_stored, read_picture, store
from eventsapp.domain.errors import Invalid


def picture(kind: str, width: int, height: int, mode: str = "RGB", **options: object) -> bytes:
    target = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert(mode).save(target, kind, **options)
    return target.getvalue()


def jpeg(width: int, height: int, **options: object) -> bytes:
    return picture("JPEG", width, height, **options)


def kept(data: bytes, folder) -> Image.Image:
    image = Image.open(folder / store(data, folder))
    image.load()
    return image


@pytest.mark.parametrize(("kind", "ending"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp")])
def test_a_picture_is_kept_under_a_name_of_its_own(tmp_path, kind, ending):
    (tmp_path / "in").write_bytes(picture(kind, 30, 20))
    name = store(read_picture(tmp_path / "in"), tmp_path / "pictures")
    assert name.endswith(f".{ending}")
    assert is_stored(name, tmp_path / "pictures")
    assert store(read_picture(tmp_path / "in"), tmp_path / "pictures") == name
    assert len(list((tmp_path / "pictures").iterdir())) == 1


def test_a_large_picture_is_made_smaller(tmp_path):
    assert kept(jpeg(4000, 2000), tmp_path).size == (LONGEST_SIDE, LONGEST_SIDE // 2)


def test_what_a_camera_writes_into_a_picture_goes(tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    exif[0x0112] = 6  # turned
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = jpeg(40, 20, exif=exif, icc_profile=profile, comment=b"secret comment")
    assert b"secret place" in data
    image = kept(data, tmp_path)
    assert image.size == (20, 40)  # upright
    assert not image.getexif()
    assert "icc_profile" not in image.info
    assert b"secret" not in (tmp_path / store(data, tmp_path)).read_bytes()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_png_is_kept(tmp_path, mode):
    data = picture("PNG", 20, 20, mode) if mode != "LA" else picture("PNG", 20, 20, "RGBA")
    assert kept(data, tmp_path).mode in {"RGB", "RGBA"}


def test_the_colours_of_printers_are_kept(tmp_path):
    assert kept(jpeg(20, 20, mode="CMYK"), tmp_path).mode == "RGB"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        jpeg(20, 20)[:300],
        picture("PNG", 20, 20)[:-40],
        picture("GIF", 20, 20),
        picture("TIFF", 20, 20),
    ],
    ids=["empty", "text", "svg", "cut jpeg", "cut png", "gif", "tiff"],
)
def test_what_is_no_whole_picture_of_a_known_kind_is_refused(tmp_path, data):
    (tmp_path / "in.png").write_bytes(data)
    with pytest.raises(Invalid, match="is no whole PNG, JPEG or WebP picture") as refused:
        read_picture(tmp_path / "in.png")
    assert refused.value.key == "picture"


def test_too_many_bytes_or_pixels_are_refused_unopened(tmp_path):
    (tmp_path / "big.png").write_bytes(b"\x89PNG" + b"\0" * MOST_BYTES)
    with pytest.raises(Invalid, match="larger than 8 MB"):
        read_picture(tmp_path / "big.png")
    Image.new("1", (9000, 5600)).save(tmp_path / "bomb.png")
    with pytest.raises(Invalid, match="too many pixels"):
        read_picture(tmp_path / "bomb.png")
    with pytest.raises(Invalid, match="cannot be read"):
        read_picture(tmp_path / "missing.png")


@pytest.mark.parametrize("name", ["", "x.png", "../" + "0" * 32 + ".png", "0" * 32 + ".svg", "0" * 32])
def test_other_names_are_no_stored_pictures(tmp_path, name):
    assert not is_stored(name, tmp_path)
