import { type ElementForm, formBytes } from "../format/element-form.ts";
import type { Member } from "./group.ts";
import type { GrowingFile } from "./growing-file.ts";
import { contiguousLayout, dataspace, datatype, fillValue } from "./messages.ts";
import { type HeaderMessage, writeHeader } from "./object-header.ts";

/** Is a dataset that is written once: a number, a text, an array. */
export class Value implements Member {
  readonly #file: GrowingFile;
  readonly #form: ElementForm;
  readonly #shape: readonly number[];
  #content: Uint8Array | undefined;
  readonly #attributes: readonly HeaderMessage[];
  #address = 0;

  constructor(
    file: GrowingFile,
    form: ElementForm,
    shape: readonly number[],
    content: Uint8Array,
    attributes: readonly HeaderMessage[] = [],
  ) {
    this.#file = file;
    this.#form = form;
    this.#shape = shape;
    this.#content = content;
    this.#attributes = attributes;
  }

  get address(): number {
    return this.#address;
  }

  async flush(): Promise<void> {
    const content = this.#content;
    if (content === undefined) return;
    const at = content.length === 0 ? undefined : await this.#file.append([content]);
    const header = writeHeader([
      dataspace(this.#shape, false),
      datatype(this.#form),
      fillValue(new Uint8Array(formBytes(this.#form))),
      contiguousLayout(at, content.length),
      ...this.#attributes,
    ]);
    // Gathered bytes go first: the header must not be found before what it speaks of.
    await this.#file.flush();
    this.#address = await this.#file.append([header]);
    this.#content = undefined;
  }
}
