"""AES-256 decryption in CBC mode, from FIPS 197 and SP 800-38A: enough for secrets of some KiB.

Python's standard library has no AES. Nobody measures from outside how long a secret of the
command line takes, so that its tables are indexed by data does no harm.
"""

from __future__ import annotations

from functools import cache

BLOCK = 16
KEY = 32

_ROUNDS = 14
_WORD = 4
_POLYNOMIAL = 0x11B
# Where the bytes of a block, which fill its columns one by one, come from when its rows are
# shifted back.
_UNSHIFT = tuple((i - 4 * (i % 4)) % BLOCK for i in range(BLOCK))


def decrypt_cbc(key: bytes, iv: bytes, data: bytes) -> bytes:
    """Decrypt whole blocks; padding is data here.

    ``key`` has 32 bytes, ``iv`` 16, ``data`` a multiple of 16.
    """
    schedule = _expand(key)
    result = bytearray()
    previous = iv
    for start in range(0, len(data), BLOCK):
        block = data[start : start + BLOCK]
        plain = _decrypt_block(schedule, block)
        result += bytes(a ^ b for a, b in zip(plain, previous, strict=True))
        previous = block
    return bytes(result)


def _multiply(a: int, b: int) -> int:
    """The product in the field of 256 elements."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0x100:
            a ^= _POLYNOMIAL
        b >>= 1
    return product


@cache
def _sbox() -> bytes:
    """The substitution of bytes: the inverse in the field, then an affine map."""
    inverse = [0] * 256
    for a in range(1, 256):
        if not inverse[a]:
            b = next(b for b in range(1, 256) if _multiply(a, b) == 1)
            inverse[a], inverse[b] = b, a
    return bytes(_affine(value) for value in inverse)


def _affine(value: int) -> int:
    doubled = value | value << 8
    rotated = [doubled >> shift for shift in (0, 4, 5, 6, 7)]
    return (rotated[0] ^ rotated[1] ^ rotated[2] ^ rotated[3] ^ rotated[4] ^ 0x63) & 0xFF


@cache
def _unsbox() -> bytes:
    return bytes(_sbox().index(value) for value in range(256))


@cache
def _products() -> tuple[bytes, ...]:
    """All products with 14, 11, 13 and 9, by which columns are mixed back."""
    return tuple(bytes(_multiply(value, by) for value in range(256)) for by in (14, 11, 13, 9))


def _expand(key: bytes) -> list[bytes]:
    """The keys of the rounds."""
    sbox = _sbox()
    words = [key[i : i + _WORD] for i in range(0, KEY, _WORD)]
    constant = 1
    in_key = len(words)
    while len(words) < _WORD * (_ROUNDS + 1):
        word = words[-1]
        if len(words) % in_key == 0:
            word = bytes(sbox[byte] for byte in word[1:] + word[:1])
            word = bytes((word[0] ^ constant, *word[1:]))
            constant = _multiply(constant, 2)
        elif len(words) % in_key == _WORD:
            word = bytes(sbox[byte] for byte in word)
        words.append(bytes(a ^ b for a, b in zip(words[-in_key], word, strict=True)))
    return [b"".join(words[i : i + _WORD]) for i in range(0, len(words), _WORD)]


def _decrypt_block(schedule: list[bytes], block: bytes) -> bytes:
    unsbox = _unsbox()
    state = _add(block, schedule[_ROUNDS])
    for round_key in reversed(schedule[:_ROUNDS]):
        state = _add(bytes(unsbox[state[i]] for i in _UNSHIFT), round_key)
        if round_key is not schedule[0]:
            state = b"".join(_unmix(state[i : i + _WORD]) for i in range(0, BLOCK, _WORD))
    return state


def _add(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def _unmix(column: bytes) -> bytes:
    by_14, by_11, by_13, by_9 = _products()
    a, b, c, d = column
    return bytes(
        (
            by_14[a] ^ by_11[b] ^ by_13[c] ^ by_9[d],
            by_9[a] ^ by_14[b] ^ by_11[c] ^ by_13[d],
            by_13[a] ^ by_9[b] ^ by_14[c] ^ by_11[d],
            by_11[a] ^ by_13[b] ^ by_9[c] ^ by_14[d],
        )
    )
