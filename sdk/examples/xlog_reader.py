#!/usr/bin/env python3
"""Prints the lines of xlog's files as JSON: xlog_reader.py [--key FILE] FILE...  Written from FORMAT.md alone, to show that it
suffices. Needs libzstd, and for sealed files the package `cryptography`. What a dead process left (kind 3) is passed over."""
import ctypes.util, datetime, hashlib, hmac, json, struct, sys
LEVELS = ["verbose", "debug", "info", "warning", "error", "fatal"]
FIXED = {"b": "B", "c": "B", "i": "i", "u": "I", "l": "q", "m": "Q", "d": "d", "p": "Q", "t": "q", "w": "q", "s": "I", "x": "I"}
CRC = list(range(256))
for _ in range(8): CRC = [n >> 1 ^ (0x82F63B78 if n & 1 else 0) for n in CRC]
def sound(data):  # What stands at its end is the CRC-32C of the rest.
    crc = 0xFFFFFFFF
    for byte in data[:-4]: crc = crc >> 8 ^ CRC[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF == int.from_bytes(data[-4:], "little")
def unzstd(data, size):
    lib, out = ctypes.CDLL(ctypes.util.find_library("zstd")), ctypes.create_string_buffer(size)
    lib.ZSTD_decompress.restype = ctypes.c_size_t
    if lib.ZSTD_decompress(out, ctypes.c_size_t(size), data, ctypes.c_size_t(len(data))) != size: raise ValueError("bad zstd frame")
    return out.raw
def signed(zigzag): return zigzag >> 1 ^ -(zigzag & 1)
class Source:
    def __init__(self, data): self.data, self.at = data, 0
    def take(self, n):
        self.at += n
        if self.at > len(self.data): raise ValueError("cut off")
        return self.data[self.at - n:self.at]
    def byte(self): return self.take(1)[0]
    def text(self): return self.take(self.varint())
    def varint(self): return byte if (byte := self.byte()) < 128 else byte & 127 | self.varint() << 7
    def zigzag(self): return signed(self.varint())
    def packed(self, n, width):
        bits = int.from_bytes(self.take((n * width + 7) // 8), "little")
        return [bits >> i * width & (1 << width) - 1 for i in range(n)]
    def numbers(self, n):
        if n == 0: return []
        form, first = self.byte(), self.zigzag()
        if form < 0x80: return [(first + v) % 2**64 for v in self.packed(n, form)]
        low, values = self.zigzag(), [first % 2**64]
        for step in self.packed(n - 1, form & 0x7F): values.append((values[-1] + step + low) % 2**64)
        return values
    def doubles(self, n):
        form = self.byte()
        if form == 0x40: return [struct.unpack("<d", struct.pack("<Q", v))[0] for v in self.numbers(n)]
        patches, row = {}, 0
        for _ in range(self.varint()): patches.update({(row := row + self.varint()): struct.unpack("<d", self.take(8))[0]})
        return [patches.get(i, (v - 2**64 if v >> 63 else v) / 10**form) for i, v in enumerate(self.numbers(n))]
def times(source, n):
    now = [source.varint()]
    while len(now) < n:
        for step in source.packed(min(64, n - len(now)), (width := source.byte()) & 127): now.append(now[-1] + (signed(step) if width & 128 else step))
    return now
def hkdf(secret, info, salt=b""): return hmac.digest(hmac.digest(salt or bytes(32), secret, "sha256"), info + b"\x01", "sha256")  # RFC 5869
class Seal:
    def __init__(self, head, envelope, key_file):
        from cryptography.hazmat.primitives.asymmetric import x25519
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
        mine = x25519.X25519PrivateKey.from_private_bytes(bytes.fromhex("".join(open(key_file).read().split()[6:])))
        point, self.cipher = mine.public_key().public_bytes_raw(), {1: AESGCM, 2: ChaCha20Poly1305}[envelope[1]]
        for at in range(52, len(envelope) - 16, 56):
            if envelope[at:at + 8] != hashlib.sha256(point).digest()[:8]: continue
            shared = mine.exchange(x25519.X25519PublicKey.from_public_bytes(envelope[20:52]))
            part = hkdf(shared, b"tharsis xlog envelope 1 file" + envelope[20:52] + point, envelope[4:20])
            secret = self.cipher(part).decrypt(bytes(12), envelope[at + 8:at + 56], envelope[:52])
            self.root = hkdf(secret, b"tharsis xlog blocks 1" + head, envelope[4:20])
            return
        raise ValueError("the file is sealed for other keys")
    def open(self, number, payload, last, clear, data):
        key = self.root  # Of a tree, whose leaf is the frame's.
        for bit in range(31, -1, -1): key = hmac.digest(key, bytes([number >> bit & 1]), "sha256")
        return self.cipher(key).decrypt(struct.pack("<QBBBB", number, payload, 0, 0, last), data, clear)
class Reader:
    def __init__(self, data, key_file):
        self.data, self.sites, self.epoch = data, {}, None
        magic, flags, size = struct.unpack_from("<10sHI", data)
        if magic != b"XLOG\r\n\x1a\x80\x01\x00" or not sound(data[:size]): raise ValueError("no log file of version 1, or its header is damaged")
        self.at, self.shift = size, data[56]
        self.seal = Seal(data[:64], data[64:size - 4], key_file) if flags & 1 else None
    def frames(self):
        while self.at + 64 <= len(self.data):
            head = self.data[self.at:self.at + 64]
            magic, kind, _, levels, _, extra, epoch, first, second, rows, number = struct.unpack_from("<4sBBBBHHIIIQ", head)
            end = self.at + 64 + extra * 4 + first + second
            if magic != b"XLG1" or not sound(head) or end > len(self.data):
                self.at = self.data.find(b"XLG1", self.at + 1) % (len(self.data) + 1); continue  # Nowhere: the end.
            clear = self.data[self.at:self.at + 64 + extra * 4]
            middle, self.at = end - second, end
            one = self.data[middle - first:middle]
            if kind == 6: clear, one = (one[:64 + one[8] * 4 + one[9] * 1024], one[64 + one[8] * 4 + one[9] * 1024:-4]) if one else (clear, one)
            yield kind, levels, epoch, rows, clear[64:], self.open(one, clear, number, 0, kind == 5), self.open(self.data[middle:end], clear, number, int(first > 0), kind == 5)
    def open(self, data, clear, number, payload, last):
        if not data: return b""
        if self.seal: return self.seal.open(number, payload, last, clear, data)
        if not sound(data): raise ValueError("a checksum is wrong")
        return data[:-4]
    def lines(self):
        for kind, levels, epoch, rows, extra, first, second in self.frames():
            if kind == 1: self.take_sites(Source(first))
            if kind == 6: self.take_texts(epoch, first)  # Of a block whose rows were left out.
            if kind == 2: yield from self.block(epoch, rows, extra, first, second)
            if kind == 4: yield line(struct.unpack_from("<q", first)[0], levels.bit_length() - 1 if levels else 3, 0, (b"xlog", b"", b""), 0, first[8:], {})
    def take_sites(self, s):
        while s.at < len(s.data):
            e = Source(s.text()); self.sites.update({e.varint(): (e.varint(), e.varint(), [e.text() for _ in range(5)])})
    def take_texts(self, epoch, data):
        if epoch != self.epoch: self.epoch, self.texts, self.codes = epoch, {}, {}
        if not data: return Source(b"")
        s = Source(data)
        s = Source(data[1:] if s.byte() == 0 else unzstd(*reversed((s.varint(), data[s.at:]))))
        base, count = s.varint(), s.varint()
        sizes = [s.varint() for _ in range(count)]
        for _ in range(s.varint()):
            site, argument, code, n = s.varint(), s.varint(), s.varint(), s.varint()
            number = base
            for i in range(n): self.codes[site, argument, code + 1 + i] = number = number + s.zigzag()
        for i, size in enumerate(sizes): self.texts[base + i] = s.take(size)
        return s
    def block(self, epoch, rows, extra, first, second):
        literals, s = self.take_texts(epoch, first), Source(second)
        tick, wall, per_second = struct.unpack_from("<Qqd", extra)
        threads = {ring: thread for ring, _, _, thread in struct.iter_unpack("<IQQQ", extra[40:-4])}
        sites = [(s.varint(), s.varint(), s.varint()) for _ in range(s.varint())]
        rings = [s.varint() for _ in range(s.varint())]
        when = times(s, rows)
        of, by = (s.packed(rows, (len(choices) - 1).bit_length()) for choices in (sites, rings))
        columns = [self.columns(n, of.count(i), Source(s.take(size)), Source(literals.take(own))) for i, (n, size, own) in enumerate(sites)]
        for i in range(rows):
            level, at_line, (plugin, tag, file, text, codes) = self.sites[sites[of[i]][0]]
            ns = wall + int(((when[i] << self.shift) - tick) * 1e9 / per_second)
            yield line(ns, level, threads.get(rings[by[i]], 0), (plugin, tag, file), at_line, text, dict(enumerate(zip(codes.decode(), next(columns[of[i]])))))
    def columns(self, site, n, s, literals):
        columns = []
        for argument, code in enumerate(self.sites[site][2][4].decode()):
            if code == "z": columns.append([None] * n)
            elif code == "d": columns.append(s.doubles(n))
            elif code in "sx":
                codes = s.numbers(n)
                sizes = iter(s.numbers(codes.count(0)))
                columns.append([literals.take(next(sizes)) if c == 0 else self.texts.get(self.codes.get((site, argument, c)), b"<str#%d>" % c) for c in codes])
            else: columns.append([struct.unpack_from("<" + FIXED[code], v.to_bytes(8, "little"))[0] for v in s.numbers(n)])
        return iter(zip(*columns) if columns else [()] * n)
def line(ns, level, thread, names, at_line, text, values):
    plugin, tag, file = (n.decode(errors="replace") for n in names)
    shown = {i: v.decode(errors="replace") if c == "s" else v.hex() if c == "x" else chr(v) if c == "c" else bool(v) if c == "b" else hex(v) if c == "p" else v
             for i, (c, v) in values.items()}
    when = (datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=ns // 1000)).isoformat(timespec="microseconds") + "Z"
    return {"time": when, "level": LEVELS[level], "thread": thread, "plugin": plugin, "tag": tag, "file": file, "line": at_line,
            "text": text.decode(errors="replace"), "fields": list(shown.values())}
if __name__ == "__main__":
    words = sys.argv[1:]
    key = words.pop(words.index("--key") + 1) if "--key" in words else None
    for path in (w for w in words if w != "--key"):
        for one in Reader(open(path, "rb").read(), key).lines(): print(json.dumps(one))
