/** Is one command: its name and what follows it. */
export type Command = readonly [name: string, ...rest: (string | number | Buffer)[]];
