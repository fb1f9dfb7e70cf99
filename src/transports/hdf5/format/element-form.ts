import { type DType, itemSize } from "../../../message/ndarray.ts";
import { BytesOut } from "./bytes-out.ts";

/** Is what elements of a dataset or an attribute are: numbers, or texts of any length. */
export type ElementForm = DType | "text";

/** The bytes of a text in a dataset: its length, and where in the file it stands. */
const TEXT_BYTES = 16;

/** Bits, sign bit, place and bits of the exponent, bits of the mantissa, bias. */
const FLOATS: Readonly<Partial<Record<DType, readonly number[]>>> = {
  float16: [16, 15, 10, 5, 10, 15],
  float32: [32, 31, 23, 8, 23, 127],
  float64: [64, 63, 52, 11, 52, 1023],
};

/** Gives the bytes of one element. */
export function formBytes(form: ElementForm): number {
  return form === "text" ? TEXT_BYTES : itemSize(form);
}

/** Writes the datatype message of a form. */
export function writeForm(form: ElementForm): Buffer {
  const out = new BytesOut();
  if (form === "text") return out.u8(0x19).u8(0x01).u8(0x01).u8(0).u32(TEXT_BYTES).bytes(integer(1, false)).done();
  // numpy and h5py know truth by these names.
  if (form === "bool") {
    out.u8(0x18).u16(2).u8(0).u32(1).bytes(integer(1, true));
    return out.ascii("FALSE\0\0\0").ascii("TRUE\0\0\0\0").u8(0).u8(1).done();
  }
  const float = FLOATS[form];
  if (float === undefined) return integer(itemSize(form), form.startsWith("i"));
  const [bits = 0, sign = 0, exponentAt = 0, exponentBits = 0, mantissaBits = 0, bias = 0] = float;
  out
    .u8(0x11)
    .u8(0x20)
    .u8(sign)
    .u8(0)
    .u32(bits / 8)
    .u16(0)
    .u16(bits);
  return out.u8(exponentAt).u8(exponentBits).u8(0).u8(mantissaBits).u32(bias).done();
}

function integer(bytes: number, isSigned: boolean): Buffer {
  return new BytesOut()
    .u8(0x10)
    .u8(isSigned ? 0x08 : 0)
    .u16(0)
    .u32(bytes)
    .u16(0)
    .u16(bytes * 8)
    .done();
}
