"""The checksum that closes a FIT file."""

POLYNOMIAL = 0xA001  # CRC-16/ARC, bits reversed


def _table_entry(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (POLYNOMIAL if byte & 1 else 0)
    return byte


TABLE = [_table_entry(byte) for byte in range(256)]


def crc16(content: bytes) -> int:
    """CRC-16/ARC; 0 over content that ends with its own checksum, low byte first."""
    crc = 0
    table = TABLE
    for byte in content:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc
