"""A network that misbehaves on request: a TCP proxy on loopback between a client and a real engine.

    async with Proxy("127.0.0.1", engine_port) as proxy:
        connect(proxy.port)
        proxy.hold()  # half-open: nothing comes through, and nobody is told

What is switched takes effect at once for every connection, also for those that are made later.
"""

import asyncio
import socket
import struct
import time
from contextlib import suppress
from typing import Literal

Direction = Literal["to_client", "to_target"]

CHUNK_BYTES = 64 * 1024
CHUNKS_UNDER_WAY = 16
SLICES_PER_S = 20
LINGER_0 = struct.pack("ii", 1, 0)


class Proxy:
    """Listens on `port` (its choice when 0), and goes on there each time it admits again."""

    def __init__(self, target_host: str, target_port: int, port: int = 0) -> None:
        self.port = port
        self.delay_ms = 0.0
        """How much later everything arrives, in each direction."""
        self.throttle_bytes_per_s = 0.0
        """What each connection carries at most, in each direction; 0 is no limit."""
        self.garbles: tuple[bytes, bytes] | None = None
        """What is changed on its way to a client, and into what of the same length; where it is not cut in two."""
        self.target = (target_host, target_port)
        self.flowing = asyncio.Event()
        self._cuts: dict[Direction, int] = {}
        self._listener: socket.socket | None = None
        self._connections: dict[asyncio.Task[None], _Connection] = {}

    async def __aenter__(self) -> "Proxy":
        self.release()
        self.admit()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.refuse()
        await self.cut()

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._connections)

    def admit(self) -> None:
        """Listen again."""
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._listener.setblocking(False)
            self.port = self._listener.getsockname()[1]
            asyncio.get_running_loop().add_reader(self._listener, self._accept, self._listener)

    def refuse(self) -> None:
        """Stop listening: new connections are refused, those there are go on."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None

    def mend(self) -> None:
        """As at the start: everything comes through, at once."""
        self.delay_ms = self.throttle_bytes_per_s = 0.0
        self.garbles = None
        self._cuts.clear()
        self.admit()
        self.release()

    def hold(self) -> None:
        """Half-open: connections stay and new ones are accepted, but not a byte and no end of one comes through."""
        self.flowing.clear()

    def release(self) -> None:
        """End the hold; what was held is delivered."""
        self.flowing.set()

    async def cut(self) -> None:
        """Close every connection, and return when they are closed."""
        tasks = list(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def reset(self) -> None:
        """End every connection with RST, as a machine does that came back without its memory."""
        for task, connection in self._connections.items():
            connection.linger_0()
            task.cancel()

    def cut_after(self, count_bytes: int, direction: Direction = "to_client") -> None:
        """Let this many bytes more through in the direction, then cut the connection that carries the last; once."""
        self._cuts[direction] = count_bytes

    @property
    def whole(self) -> bool:
        """Whether nothing is to be cut any more."""
        return not self._cuts

    def admitted(self, data: bytes, direction: Direction) -> tuple[bytes, bool]:
        """What of the data comes through, and whether the connection is cut after it."""
        if self.garbles and direction == "to_client":
            data = data.replace(*self.garbles)
        left = self._cuts.get(direction)
        if left is None:
            return data, False
        if left > len(data):
            self._cuts[direction] = left - len(data)
            return data, False
        del self._cuts[direction]
        return data[:left], True

    def _accept(self, listener: socket.socket) -> None:
        with suppress(BlockingIOError, ConnectionError):
            connection = _Connection(self, listener.accept()[0])
            task = asyncio.create_task(connection.run())
            self._connections[task] = connection
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._connections[task]


class _Connection:
    """One client, and the connection to the target made for it."""

    def __init__(self, proxy: Proxy, client: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._target = socket.socket()
        for end in self._ends:
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def _ends(self) -> tuple[socket.socket, socket.socket]:
        return self._client, self._target

    async def run(self) -> None:
        """Carry bytes both ways until both sides have ended, one fails, or the task is cancelled."""
        try:
            await self._proxy.flowing.wait()
            await asyncio.get_running_loop().sock_connect(self._target, self._proxy.target)
            async with asyncio.TaskGroup() as group:
                self._carry(group, self._client, self._target, "to_target")
                self._carry(group, self._target, self._client, "to_client")
        except* OSError:
            pass  # one side is gone, or the connection is to be cut: both are closed
        finally:
            for end in self._ends:
                end.close()

    def linger_0(self) -> None:
        """Have the close be a reset, on both sides."""
        for end in self._ends:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)

    def _carry(self, group: asyncio.TaskGroup, source: socket.socket, sink: socket.socket, way: Direction) -> None:
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(CHUNKS_UNDER_WAY)
        group.create_task(self._read(source, under_way))
        group.create_task(self._write(sink, under_way, way))

    async def _read(self, source: socket.socket, under_way: asyncio.Queue[tuple[float, bytes]]) -> None:
        data = b"?"
        while data:
            try:
                data = await asyncio.get_running_loop().sock_recv(source, CHUNK_BYTES)
            except OSError:
                data = b""  # an end like any other: it waits its turn, and is held like the rest
            await under_way.put((time.monotonic() + self._proxy.delay_ms / 1000, data))

    async def _write(self, sink: socket.socket, under_way: asyncio.Queue[tuple[float, bytes]], way: Direction) -> None:
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self._proxy.flowing.wait()
            if not data:
                with suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)
                return
            await self._send(sink, data, way)

    async def _send(self, sink: socket.socket, data: bytes, way: Direction) -> None:
        while data:
            await self._proxy.flowing.wait()
            rate = self._proxy.throttle_bytes_per_s
            size = max(1, int(rate / SLICES_PER_S)) if rate else len(data)
            piece, cut = self._proxy.admitted(data[:size], way)
            await asyncio.get_running_loop().sock_sendall(sink, piece)
            if cut:
                raise ConnectionAbortedError
            data = data[size:]
            await asyncio.sleep(len(piece) / rate if rate else 0)
