/** Is a file of a new project. */
export interface ProjectFile {
  readonly path: string;
  readonly text: string;
}

/** Is what a new project can begin with: an operator, its options, and its test. */
export interface Beginning {
  readonly name: string;
  /** What the operator does, in a phrase. */
  readonly about: string;
  readonly className: string;
  /** The options in the configuration, as YAML. */
  readonly options: string | undefined;
  readonly operator: string;
  readonly test: string;
}

/** Says what a new project is called, and which arroyojs it is for. */
export interface ProjectFacts {
  readonly name: string;
  readonly version: string;
}

/** Writes the end of an import: what a new project imports is no import of this program. */
export function from(name: string): string {
  return `from "${name}"`;
}

/** Gives all files of a new project but its package.json. */
export function projectFiles(beginning: Beginning, { name }: ProjectFacts): readonly ProjectFile[] {
  return [
    { path: "arroyo.yaml", text: configuration(beginning) },
    { path: "simulated-detector.ts", text: DETECTOR },
    { path: `${beginning.name}.ts`, text: beginning.operator },
    { path: `test/${beginning.name}.test.ts`, text: beginning.test },
    { path: "tsconfig.json", text: TSCONFIG },
    { path: ".gitignore", text: "node_modules/\ndead-letters/\n*.log.jsonl\n" },
    { path: "README.md", text: readme(beginning, name) },
  ];
}

/** Gives what a project's package.json needs; what stands there already stays. */
export function manifestOf(beginning: Beginning, { name, version }: ProjectFacts): Readonly<Record<string, unknown>> {
  return {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    scripts: {
      start: "arroyo run",
      test: `node --import tsx --test test/${beginning.name}.test.ts`,
      types: "tsc",
    },
    dependencies: { arroyojs: `^${version}`, tsx: "^4.0.0" },
    devDependencies: { "@types/node": "^20.19.0", typescript: ">=5.9.0" },
  };
}

const DETECTOR = `import { setTimeout as sleep } from "node:timers/promises";
import { Event, type Inlet, Listener, NdArray, Start, Stop } ${from("arroyojs")};

type Image = Event<{ image: number }, NdArray<"uint16">>;

const SIZE = 128;

/** Stands for a detector: runs of images with a ring on them, one run after the other. */
export class SimulatedDetector extends Listener<Start | Image | Stop> {
  readonly #imagesPerSecond: number;
  readonly #imagesPerRun: number;

  constructor({ imagesPerSecond = 10, imagesPerRun = 50 } = {}) {
    super();
    this.#imagesPerSecond = imagesPerSecond;
    this.#imagesPerRun = imagesPerRun;
  }

  override async start(inlet: Inlet<Start | Image | Stop>, signal: AbortSignal): Promise<void> {
    inlet.ready();
    for (let scan = 1; !signal.aborted; scan += 1) {
      const run = "scan-" + scan;
      await inlet.put(new Start({ sample: "simulated", darkImages: 5 }, { run }));
      for (let image = 1; image <= this.#imagesPerRun && !signal.aborted; image += 1) {
        const isDark = image <= 5;
        await inlet.put(new Event({ image }, picture(isDark ? 0 : 200 + image), { run, timeMs: Date.now() }));
        // A signal ends the wait; the block makes the Stop then.
        await sleep(1000 / this.#imagesPerSecond, undefined, { signal }).catch(() => undefined);
      }
      if (!signal.aborted) await inlet.put(new Stop({}, { run }));
    }
  }
}

function picture(counts: number): NdArray<"uint16"> {
  const pixels = new Uint16Array(SIZE * SIZE);
  for (let at = 0; at < pixels.length; at += 1) {
    const radius = Math.hypot((at % SIZE) - SIZE / 2, Math.floor(at / SIZE) - SIZE / 2);
    pixels[at] = 10 + 5 * Math.random() + counts * Math.exp(-((radius - 40) ** 2) / 20);
  }
  return new NdArray(pixels, [SIZE, SIZE]);
}
`;

const TSCONFIG = `{
  "compilerOptions": {
    "strict": true,
    "noEmit": true,
    "module": "NodeNext",
    "target": "ES2023",
    "lib": ["ES2023", "ESNext.Disposable"],
    "types": ["node"],
    "skipLibCheck": true,
    "allowImportingTsExtensions": true,
    "verbatimModuleSyntax": true,
    "erasableSyntaxOnly": true
  },
  "include": ["*.ts", "test/*.ts"]
}
`;

function configuration({ name, className, about, options }: Beginning): string {
  const operator = `./${name}.ts#${className}`;
  return `# What runs here; check it with: npx arroyo validate
blocks:
  # Stands for your detector. With a real one take this block out and start the other one with its address:
  # DETECTOR=tcp://detector:5555 npx arroyo run --block ${name}
  - name: detector
    listeners:
      - { use: ./simulated-detector.ts#SimulatedDetector, options: { imagesPerSecond: 10 } }
    publishers:
      - { use: zmq, options: { bind: "\${DETECTOR:-tcp://127.0.0.1:5555}" } }

  - name: ${name}
    description: ${about}
    listeners:
      - { use: zmq, options: { connect: "\${DETECTOR:-tcp://127.0.0.1:5555}" } }
    operator: ${options === undefined ? operator : `{ use: ${operator}, options: ${options} }`}
    publishers:
      - { use: zmq, options: { bind: "\${RESULTS:-tcp://127.0.0.1:5556}" } }
    # A message that cannot be worked on is kept in ./dead-letters; see: npx arroyo dead-letters list
    onError: dead-letter
`;
}

function readme({ name, className, about }: Beginning, project: string): string {
  return `# ${project}

${about}: \`${className}\` in [${name}.ts](${name}.ts), run as [arroyo.yaml](arroyo.yaml) says.

\`\`\`sh
npm install
npm test
npx arroyo run                             # a simulated detector and the operator, with a live table; Ctrl-C ends
npx arroyo look tcp://127.0.0.1:5555       # what the detector sends, in another terminal
npx arroyo look tcp://127.0.0.1:5556       # what comes out
npx arroyo graph                           # how the blocks hang together
\`\`\`

With a real detector: \`DETECTOR=tcp://HOST:PORT npx arroyo run --block ${name}\`. Where it does not speak arroyojs' own
format, name its codec beside \`connect\` in arroyo.yaml: \`codec: dectris-v2\`, say. \`npx arroyo look\` tells which one
it is.
`;
}
