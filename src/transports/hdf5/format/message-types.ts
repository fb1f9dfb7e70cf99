/** Numbers the messages of an object header that are written or read here. */
export const MESSAGE = {
  nil: 0x00,
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  fillOld: 0x04,
  fill: 0x05,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  groupInfo: 0x0a,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

/** Numbers the filters of chunks, as registered with The HDF Group. */
export const FILTER = {
  deflate: 1,
  shuffle: 2,
  fletcher32: 3,
  lz4: 32004,
  bitshuffle: 32008,
  zstd: 32015,
} as const;

/** Begins every HDF5 file. */
export const SIGNATURE: Uint8Array = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);
