"""Step 3 of a photo's way in: what a stranger sends becomes a small picture of our own making, or is refused. Pure.

Only the pixels go on: whatever else was in the file, from the place it was taken at to a script, is not in ours.
"""

from io import BytesIO

from PIL import Image, ImageOps

MAX_PIXELS = 25_000_000
"""A photo of 24 million fits. Decoded it takes 100 MB at most."""
MAX_SIDE = 512
QUALITY = 82
CONTENT_TYPE = "image/webp"
READ_FORMATS = ("JPEG", "PNG", "WEBP")


class NotAPhoto(ValueError):
    """These bytes are not shown to anybody; the text says why."""


def reencoded(upload: bytes) -> bytes:
    """A WebP of at most 512 x 512 pixels, upright. Raises NotAPhoto."""
    try:
        with Image.open(BytesIO(upload), formats=READ_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise NotAPhoto(_TOO_MANY_PIXELS)
            return _written(_small(image))
    except NotAPhoto:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NotAPhoto(_TOO_MANY_PIXELS) from error
    except Exception as error:  # a decoder may fail in any way on bytes made to make it fail
        raise NotAPhoto("It is not a JPEG, PNG or WebP image that can be read to its end.") from error


_TOO_MANY_PIXELS = f"It has more than {MAX_PIXELS // 1_000_000} million pixels: make it smaller."


def _small(image: Image.Image) -> Image.Image:
    image.draft("RGB", (2 * MAX_SIDE, 2 * MAX_SIDE))  # a JPEG is then not even decoded in full
    pixels = image.convert("RGBA" if image.has_transparency_data else "RGB")
    pixels.thumbnail((MAX_SIDE, MAX_SIDE))
    return ImageOps.exif_transpose(pixels)


def _written(image: Image.Image) -> bytes:
    bare = Image.new(image.mode, image.size)  # without what the image carries beside its pixels
    bare.paste(image)
    file = BytesIO()
    bare.save(file, "WEBP", quality=QUALITY)
    return file.getvalue()
