import { inflateSync } from "node:zlib";

/** Files with the pixels [[0, 1, 0], [2, 300, 65535]], times 1.5 where they are called so: numpy and fabio wrote them. */
const PACKED: Readonly<Record<string, string>> = {
  "b.npy":
    "eNqb7BfqGxDJyFDGUK2eklqcXKRupaBek2SorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOgrGmjoKtQpkAy4GRgZGRkYAFEYbqQ==",
  "f4.edf":
    "eNqr5nJ1cYt3SSxJdMrJT872dFGwVTDQ88xNTE/VCyhOUbAGyztl5iUWVQZnVqUCpY1MoKIeqYkpqUVQUQUFU0MjoIRTZUmqfxFQHCjmk18O4rplFhWXAKVAtoRUFoBUu+XkJ5aEJeaUpoLEM3PjDYGCxlC2EcgSIBvsCpB7gGyIXWDnuXpYGYABKgVUhOxAhVFAGNRyMYBBgz2EZnBgYJjmzPC/3h0ASHxk/g==",
  "f4.tif":
    "eNrz9NRi4GBgYOBhYGBkYWAEspiBmBHKZgJhRmYwWwEkB2WDMBsSm4+RiYEFpAYIBKF6jwCxGJI54lC2BBAbAtXzAelZQGwEZIPEVgBxMNRMkBtAIC0xKTNfryQzLTM3MT01uDRPwS+/TMHISMHA2MrUwMrASMHIwMgMovaAPYR2cGBgeOjs8H+/OwC7QRUg",
  "f8.npy":
    "eNqb7BfqGxDJyFDGUK2eklqcXKRupaBul2ahrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOgrGmjoKtQpkAy4GKLD/wYACHDigdI0ChP7+/wWIBgDVNSDr",
  "fortran.npy":
    "eNqb7BfqGxDJyFDGUK2eklqcXKRupaBuk2airqOgnpZfVFKUmBefX5SSChIPKSpNBQoXZyQWpAK5GkY6CsaaOgq1CuQDLgYIcGBgaLBnYJjmDOb9r3cHAPTiHt4=",
  "i4.tif":
    "eNrz9NRi4GBgYOBhYGBkYWAEspiBmBHKZgJhRmYwWwEkB2WDMBsSm4+RiYEFpAYIBKF6jwCxGJI54lC2BBAbAtXzAelZQGwEZIPEVgBxMNRMkHoQSEtMyszXK8lMy8xNTE8NLs1T8MsvUzAyUjAwtjI1sDIwUjAyMDJjgLqCAapTB8j5/5+BAQCgwRJl",
  "i8.npy":
    "eNqb7BfqGxDJyFDGUK2eklqcXKRupaBuk2mhrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOgrGmjoKtQpkAy4GKGBkQAVMUFoHKvH/P4QGAJFGHaE=",
  "object.npy":
    "eNqb7BfqGxDJyFDGUK2eklqcXKRupaBe46+uo6Cell9UUpSYF59flJIKEnZLzClOBYoXZyQWpAL5GoY6mjoKtQqUAK4GlqndDBDQI5ZXmltQqRefnF+UqpdbmlOSmVhUlFg5pYcnvig1OT+vuKSoNLlkyuQpPaxglVN62PNSIEomT/FmaJ3izJg0pX1K0BQNb0ZvxtYpGcw9rCkllQWpIC1M/hZTOjsgssw9jDVT/Pz8vP4DAZjwti+ZktQZO6V2SiKQoQcADntZSg==",
  "three.npy":
    "eNqb7BfqGxDJyFDGUK2eklqcXKRupaBeU2qorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RqGOgpGOgrGmjoKtQrkAS4GMAAAItsb1Q==",
  "u2.edf":
    "eNqr5nJ1cYt3SSxJdMrJT872dFGwVTDQ88xNTE/VCyhOUbAGyztl5iUWVQZnVqUCpQ2NoKIeqYkpqUVQUQUFU7CEU2VJqn8RUBwo5pNfDuK6ZRYVlwClQLaEVBaAVIfmFWem56WmBGfkF4GlMnPjDYHixlC2EZANMg3sEJCTgGyIdWAXunpYGYABKgVUhOxGhVFAANRyMTAwMjAwMDHoMP7/DwAAWmSD",
  "u2.npy":
    "eNqb7BfqGxDJyFDGUK2eklqcXKRupaBuU2qkrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOgrGmjoKtQpkAy4GBkYGBgYmBh3G//8BqVYdpw==",
  "u2.tif":
    "eNrz9NRi4GBgYOBhYGBkYWAEspiBmBHKZgJhRmYwWwAkB2WDMBsSm4+RiYEFSCsAgSBU7xEgFkMyRxzKBtrEYAhUzwekZwGxEZAtAaRXAHEwkpkgkJaYlJmvV5KZlpmbmJ4aXJqn4JdfpmBkpGBgbGVqYGVgpGBkYGTGALVDh/H/fwDKVhJI",
  "v2.npy":
    "eNqb7BfqGxDJxFDCwMBQrZ6SWpxcpG6loG6TaaKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CsaaOgq1CmQCLqC1DIwMEMAExDpAzv//DAwAupEdXA==",
};

export const MAP_FILES: ReadonlyMap<string, Uint8Array> = new Map(
  Object.entries(PACKED).map(([name, packed]) => [name, inflateSync(Buffer.from(packed, "base64"))]),
);
