"""Mars' log files, written and read by the book and by nothing of ours: records of 73 bytes of header, a payload and a zero
byte; deflate and zstd streams; secp256k1 and TEA in a few lines. A decoder as strict as a test should be, and a writer that
leaves its streams unfinished as Mars does."""

import ctypes
import ctypes.util
import dataclasses
import struct
import zlib

SYNC, ZSTD, SEALED = (0x06, 0x08, 0x0A, 0x0B), (0x0A, 0x0B, 0x0C, 0x0D), (0x07, 0x0C)
P = 2**256 - 2**32 - 977
BASE = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, P) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(scalar, point):
    product = None
    while scalar:
        if scalar & 1:
            product = add(product, point)
        point, scalar = add(point, point), scalar >> 1
    return product


def bytes_of(point):
    return point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def point_of(raw):
    point = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    if (point[1] ** 2 - point[0] ** 3 - 7) % P:
        raise ValueError("no point of the curve")
    return point


def public_of(private):
    return bytes_of(times(private, BASE))


def tea_key(private, public):
    return struct.unpack("<4I", times(private, point_of(public))[0].to_bytes(32, "big")[:16])


def tea(key, data, sealing):
    """Sixteen cycles over each eight bytes; the rest stays as it is."""
    out, delta, mask = bytearray(data), 0x9E3779B9, 0xFFFFFFFF
    for at in range(0, len(data) // 8 * 8, 8):
        a, b = struct.unpack_from("<2I", out, at)
        total = 0 if sealing else delta * 16 & mask
        for _ in range(16):
            if sealing:
                total = total + delta & mask
                a = a + (((b << 4) + key[0]) ^ (b + total) ^ ((b >> 5) + key[1])) & mask
                b = b + (((a << 4) + key[2]) ^ (a + total) ^ ((a >> 5) + key[3])) & mask
            else:
                b = b - (((a << 4) + key[2]) ^ (a + total) ^ ((a >> 5) + key[3])) & mask
                a = a - (((b << 4) + key[0]) ^ (b + total) ^ ((b >> 5) + key[1])) & mask
                total = total - delta & mask
        struct.pack_into("<2I", out, at, a, b)
    return bytes(out)


class Buffer(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_void_p), ("size", ctypes.c_size_t), ("at", ctypes.c_size_t)]


library = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
for name in ("ZSTD_createDCtx", "ZSTD_createCCtx"):
    getattr(library, name).restype = ctypes.c_void_p
library.ZSTD_decompressStream.restype = library.ZSTD_compressStream2.restype = ctypes.c_size_t


def zstd_open(data):
    """The text, and whether the frame was finished."""
    context, text, left = ctypes.c_void_p(library.ZSTD_createDCtx()), b"", 1
    source = ctypes.create_string_buffer(data, len(data))
    given = Buffer(ctypes.addressof(source), len(data), 0)
    room = ctypes.create_string_buffer(1 << 20)
    while True:
        taken = Buffer(ctypes.addressof(room), len(room), 0)
        left = library.ZSTD_decompressStream(context, ctypes.byref(taken), ctypes.byref(given))
        if library.ZSTD_isError(ctypes.c_size_t(left)):
            raise ValueError("a zstd frame is damaged")
        text += room.raw[: taken.at]
        if left == 0 or (given.at == given.size and taken.at < taken.size):
            break
    library.ZSTD_freeDCtx(context)
    if left == 0 and given.at != given.size:
        raise ValueError("something stands behind a zstd frame")
    return text, left == 0


def zstd_pack(pieces):
    """As Mars does: flushed after each piece, never finished."""
    context, packed = ctypes.c_void_p(library.ZSTD_createCCtx()), b""
    for piece in pieces:
        source = ctypes.create_string_buffer(piece, len(piece))
        given, room = Buffer(ctypes.addressof(source), len(piece), 0), ctypes.create_string_buffer(len(piece) + 1024)
        taken = Buffer(ctypes.addressof(room), len(room), 0)
        library.ZSTD_compressStream2(context, ctypes.byref(taken), ctypes.byref(given), 1)
        packed += room.raw[: taken.at]
    library.ZSTD_freeCCtx(context)
    return packed


def zlib_pack(pieces):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    return b"".join(packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH) for piece in pieces)


@dataclasses.dataclass
class Record:
    magic: int
    number: int
    hours: tuple
    sealed_by: bytes
    text: bytes
    finished: bool = True


def write(magic, number, lines, public=None, hours=(10, 11)):
    """One record; `public`: of whom it is sealed for."""
    sealer = b"\0" * 64
    if magic in SYNC:
        payload = b"".join(lines)
    else:
        payload = (zstd_pack if magic in ZSTD else zlib_pack)(lines)
    if magic in SEALED:
        private = 0x1234567890ABCDEF1234567890ABCDEF + magic
        sealer, payload = public_of(private), tea(tea_key(private, public), payload, True)
    return struct.pack("<BHBBI", magic, number, *hours, len(payload)) + sealer + payload + b"\0"


def read(data, private=None):
    """All records of a file; anything that is not by the book is an error."""
    records, at = [], 0
    while at < len(data):
        magic, number, first, last, length = struct.unpack_from("<BHBBI", data, at)
        if not 0x06 <= magic <= 0x0D:
            raise ValueError(f"byte {at}: no magic, but {magic}")
        payload = data[at + 73 : at + 73 + length]
        if len(payload) != length or data[at + 73 + length : at + 74 + length] != b"\0":
            raise ValueError(f"byte {at}: a record without an end")
        sealer, finished = data[at + 9 : at + 73], True
        if magic in SEALED:
            payload = tea(tea_key(private, sealer), payload, False)
        if magic in SYNC:
            text = payload
        elif magic in ZSTD:
            text, finished = zstd_open(payload)
        else:
            stream = zlib.decompressobj(-15)
            text = stream.decompress(payload) + stream.flush()
            finished = stream.eof and not stream.unused_data
        records.append(Record(magic, number, (first, last), sealer, text, finished))
        at += 74 + length
    return records
