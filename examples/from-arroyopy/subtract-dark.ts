import { type Message, NdArray, Operator } from "arroyojs";

export class SubtractDark extends Operator {
  #runs = this.perRun(() => ({ dark: undefined as Int32Array | undefined }));

  override process(message: Message): Message | undefined {
    if (message.type !== "event") return message;
    const state = this.#runs.of(message);
    const { data, shape } = message.array("int32");
    if (state.dark === undefined) {
      state.dark = data.slice();
      return undefined;
    }
    const dark = state.dark;
    const image = data.map((value, i) => value - (dark[i] as number));
    return message.with({ payload: new NdArray(image, shape) });
  }
}
