"""What is answered about photos."""

from chassis.http import Answer


class PhotoAnswer(Answer):
    """The version of the caller's photo, which is in its ETag, too."""

    photo_version: int
