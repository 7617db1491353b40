"""AES-256 in CBC mode, against the standards' vectors and another implementation."""

from __future__ import annotations

import subprocess

from hypothesis import given, settings, strategies as st

from qmp_iothreadd.machine.objects.aes import BLOCK, KEY, decrypt_cbc


def test_the_vector_of_fips_197() -> None:
    key, data = bytes(range(32)), bytes.fromhex("8ea2b7ca516745bfeafc49904b496089")
    assert decrypt_cbc(key, bytes(16), data).hex() == "00112233445566778899aabbccddeeff"


def test_the_vector_of_sp_800_38a() -> None:
    key = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
    data = "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
    plain = decrypt_cbc(bytes.fromhex(key), bytes(range(16)), bytes.fromhex(data))
    assert plain.hex() == "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"


@settings(max_examples=30)
@given(
    st.binary(min_size=KEY, max_size=KEY),
    st.binary(min_size=BLOCK, max_size=BLOCK),
    st.integers(0, 4).flatmap(lambda n: st.binary(min_size=n * BLOCK, max_size=n * BLOCK)),
)
def test_what_another_implementation_encrypts_comes_back(
    key: bytes, iv: bytes, plain: bytes
) -> None:
    openssl = ["openssl", "enc", "-aes-256-cbc", "-nopad", "-K", key.hex(), "-iv", iv.hex()]
    encrypted = subprocess.run(openssl, input=plain, stdout=subprocess.PIPE, check=True).stdout
    assert decrypt_cbc(key, iv, encrypted) == plain
