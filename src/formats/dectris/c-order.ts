/**
 * Puts elements whose first axis runs fastest in C order, where the last one does. The shape is listed first axis first
 * in both.
 */
export function toCOrder(bytes: Uint8Array, shape: readonly number[], size: number): Uint8Array {
  const ordered = new Uint8Array(bytes.length);
  const index = shape.map(() => 0);
  const steps = stepsOf(shape, size);
  let from = 0;
  for (let to = 0; to < bytes.length; to += size) {
    for (let byte = 0; byte < size; byte += 1) ordered[to + byte] = bytes[from + byte] as number;
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      const next = (index[axis] as number) + 1;
      from += steps[axis] as number;
      index[axis] = next;
      if (next < (shape[axis] as number)) break;
      index[axis] = 0;
      from -= next * (steps[axis] as number);
    }
  }
  return ordered;
}

/** Gives how far the next element along each axis is, in bytes. */
function stepsOf(shape: readonly number[], size: number): readonly number[] {
  let step = size;
  return shape.map((length) => {
    const own = step;
    step *= length;
    return own;
  });
}
