"""Step 1 of the write path: what meeting again takes."""

from chassis.http import Strict


class WishBody(Strict):
    """Whether to meet again; nobody else ever sees it."""

    wish: bool
