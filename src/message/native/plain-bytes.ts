/**
 * Gives the same bytes as a plain Uint8Array: a Buffer has other habits (its `slice` is a view), and what users get must
 * not depend on the transport.
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
