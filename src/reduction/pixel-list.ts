/** Gathers pixel numbers in an array that grows. */
export class PixelList {
  #pixels = new Uint32Array(256);
  #length = 0;

  get pixels(): Uint32Array {
    return this.#pixels.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  push(pixel: number): void {
    if (this.#length === this.#pixels.length) this.#grow(this.#length + 1);
    this.#pixels[this.#length] = pixel;
    this.#length += 1;
  }

  append(pixels: Uint32Array): void {
    const length = this.#length + pixels.length;
    if (length > this.#pixels.length) this.#grow(length);
    this.#pixels.set(pixels, this.#length);
    this.#length = length;
  }

  #grow(least: number): void {
    const larger = new Uint32Array(Math.max(least, this.#pixels.length * 2));
    larger.set(this.#pixels);
    this.#pixels = larger;
  }
}
