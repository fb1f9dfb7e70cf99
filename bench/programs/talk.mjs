// How the programs of the benchmark talk to it.

/** What the benchmark asks for. */
export const options = JSON.parse(process.argv[2] ?? "{}");

/** Says a word, with figures. */
export function say(said, figures = {}) {
  process.send?.({ said, ...figures });
}

/** Resolves when the benchmark gives this order. */
export function order(wanted) {
  return new Promise((resolve) => {
    const hear = (text) => {
      if (text !== wanted) return;
      process.off("message", hear);
      resolve();
    };
    process.on("message", hear);
  });
}
