throw new Error("no licence for this detector");
export class Anything {}
