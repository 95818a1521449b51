"""What becomes of a photo that a stranger sends, and of bytes that only pretend to be one."""

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from profile_service.images import MAX_PIXELS, MAX_SIDE, NotAPhoto, reencoded

SECRET = b"<script>alert(1)</script>"


def photo(file_format: str = "JPEG", size: tuple[int, int] = (900, 600), mode: str = "RGB", **options: object) -> bytes:
    file = BytesIO()
    Image.radial_gradient("L").resize(size).convert(mode).save(file, file_format, **options)
    return file.getvalue()


def read(body: bytes) -> Image.Image:
    image = Image.open(BytesIO(body))
    image.load()
    return image


@pytest.mark.parametrize(
    ("file_format", "mode"),
    [("JPEG", "RGB"), ("JPEG", "CMYK"), ("JPEG", "L"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "1"), ("WEBP", "RGBA")],
)
def test_every_kind_of_photo_becomes_a_small_webp(file_format: str, mode: str) -> None:
    image = read(reencoded(photo(file_format, mode=mode)))
    assert (image.format, image.size) == ("WEBP", (MAX_SIDE, MAX_SIDE * 2 // 3))


def test_a_small_photo_is_not_blown_up() -> None:
    assert read(reencoded(photo(size=(40, 30)))).size == (40, 30)


def test_what_lies_beside_the_pixels_is_left_behind() -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()  # ImageDescription
    exif[0x0112] = 6  # Orientation: lying on its side
    body = reencoded(photo(exif=exif, comment=SECRET, icc_profile=SECRET) + SECRET)
    image = read(body)
    assert SECRET not in body
    assert not image.getexif()
    assert not {"exif", "icc_profile", "comment", "xmp"} & set(image.info)
    assert image.size == (MAX_SIDE * 2 // 3, MAX_SIDE)


def test_a_file_that_is_two_things_at_once_comes_out_as_one() -> None:
    archive = b"PK\x03\x04" + SECRET
    body = reencoded(photo("PNG") + archive)
    assert SECRET not in body
    assert body.startswith(b"RIFF")


def test_a_truncated_photo_is_refused() -> None:
    for file_format in ("JPEG", "PNG", "WEBP"):
        whole = photo(file_format)
        with pytest.raises(NotAPhoto, match="read to its end"):
            reencoded(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    "upload",
    [
        b"",
        b"GIF89a" + b"\0" * 100,
        photo("GIF", mode="L"),
        photo("BMP"),
        photo("TIFF"),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n",
        b"\xff\xd8\xff",
    ],
)
def test_anything_else_is_refused(upload: bytes) -> None:
    with pytest.raises(NotAPhoto):
        reencoded(upload)


def png_of(width: int, height: int) -> bytes:
    """A PNG that says to have this size and packs as many zeros as that takes, a row at most."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * width))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("width", "height"), [(MAX_PIXELS, 2), (12_000, 9_000), (60_000, 60_000)])
def test_a_bomb_is_refused_before_it_is_unpacked(width: int, height: int) -> None:
    with pytest.raises(NotAPhoto, match="25 million pixels"):
        reencoded(png_of(width, height))


def test_a_text_bomb_in_a_png_is_refused() -> None:
    bomb = zlib.compress(b"\0" * 200_000_000)
    data = b"Comment\0\0" + bomb
    chunk = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    whole = photo("PNG")
    with pytest.raises(NotAPhoto):
        reencoded(whole[:33] + chunk + whole[33:])


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["JPEG", "PNG", "WEBP"]),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_damaged_bytes_are_refused_or_read_and_nothing_else(file_format: str, damage: list[tuple[int, int]]) -> None:
    upload = bytearray(photo(file_format, (60, 40)))
    for position, value in damage:
        upload[position % len(upload)] = value
    try:
        body = reencoded(bytes(upload))
    except NotAPhoto:
        return
    assert read(body).format == "WEBP"
