// SPDX-License-Identifier: MIT

// CRC-32 (IEEE). node:zlib has it since Node.js 22.

const table = Array.from({ length: 256 }, (_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

export function crc32(data) {
  let crc = 0xffffffff;
  for (const octet of data) crc = (crc >>> 8) ^ table[(crc ^ octet) & 255];
  return (crc ^ 0xffffffff) >>> 0;
}
