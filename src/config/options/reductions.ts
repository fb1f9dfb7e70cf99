import { functionShape } from "../function-shape.ts";
import { anyOf, either, exactlyOne, list, object, pair, record } from "../map-shape.ts";
import {
  choice,
  type Field,
  type Fields,
  field,
  flag,
  number,
  positive,
  required,
  type Shape,
  text,
  whole,
} from "../shape.ts";

const RANGE: Shape = pair(number(), "[0, 10]");
const PIXELS: Shape = pair(whole(0), "[0, 100]");
const POINT: Shape = pair(number(), "[512, 512]");
/** One number for each pixel: for small detectors it can be written out. */
const NUMBERS: Shape = list(number(), "[0, 0, 1, 0]");
const MAP_FILE: Shape = text("mask.npy");
const MAP: Shape = either({ scalar: MAP_FILE, list: NUMBERS });
const SENTINEL: Field = field(
  anyOf(choice("max", "none"), number()),
  "Which value of an integer marks a pixel as not valid; default max, the largest of its type",
);
const MASK: Field = field(MAP, "Pixels to leave out are not 0: a file (.npy, .edf, .tif) or numbers row by row");
const BLANKS: Field = field(choice("drop", "mark"), "What becomes of frames that are no hits; default drop");
const EVERY: Field = field(whole(1), "Goes out after so many, and at the end of the run");
const WINDOW: Fields = {
  rows: required(PIXELS, "[from, to], to exclusive"),
  columns: required(PIXELS, "[from, to], to exclusive"),
};
const GEOMETRY: Fields = {
  distance: required(positive(), "In metres"),
  poni1: required(number(), "In metres, along the rows' axis"),
  poni2: required(number(), "In metres"),
  rot1: required(number(), "In radians"),
  rot2: required(number(), "In radians"),
  rot3: required(number(), "In radians"),
  pixel1: required(positive(), "Height of a pixel in metres"),
  pixel2: required(positive(), "Width of a pixel in metres"),
  wavelength: field(positive(), "In metres"),
  orientation: field(whole(1, 4), "Which corner comes first, as pyFAI counts; default 3"),
};
const AXIS: Fields = {
  bins: required(whole(1), "How many bins of equal width"),
  range: required(RANGE, "[from, to], to exclusive"),
};

/** Is an operator that reduces data: how it is called in code, and its options. */
export interface Reduction {
  readonly export: string;
  readonly about: string;
  readonly options: Fields;
  /** True where one instance must see all messages, so that it works in no threads. */
  readonly isWhole?: boolean;
}

/** Every operator that reduces data and has a name in a configuration, with its options. */
export const REDUCTIONS: Readonly<Record<string, Reduction>> = {
  assemble: {
    export: "Assemble",
    about: "Puts the modules of a detector together to images",
    options: {
      geometry: field(text("agipd.geom"), "A CrystFEL geometry file, or a JSON file with modules"),
      modules: field(
        list(
          object({
            at: required(PIXELS, "Where its first row and column lie in the image"),
            module: field(whole(0), "Which array of a stack it is; default its place in the list"),
            rows: field(PIXELS, "Which of its rows, [from, to]; default all"),
            columns: field(PIXELS, "Which of its columns, [from, to]; default all"),
            quarters: field(whole(), "By how many quarters it is turned; default 0"),
            mirrored: field(flag(), "Whether its columns are mirrored before; default false"),
          }),
          "[{ at: [0, 0] }]",
        ),
        "Where the modules lie, instead of geometry",
      ),
      sentinel: SENTINEL,
    },
  },
  "azimuthal-integration": {
    export: "AzimuthalIntegration",
    about: "Sums images into curves around a centre",
    options: {
      centre: field(POINT, "Where the beam meets the detector, in pixels: [row, column]"),
      distance: field(positive(), "From the sample to the detector in metres, with centre"),
      pixelSize: field(
        either({ scalar: positive(), list: pair(positive(), "[0.000075, 0.000075]") }),
        "Edge of a pixel in metres, or [height, width]; with distance",
      ),
      wavelength: field(positive(), "In metres; needed for q"),
      poni: field(text("detector.poni"), "A .poni file of pyFAI, instead of centre"),
      geometry: field(object(GEOMETRY), "The geometry itself, instead of poni"),
      shape: field(pair(whole(1), "[1024, 1024]"), "Rows and columns of the frames: prepares before the first comes"),
      bins: required(whole(1), "How many bins the curve has"),
      binPixels: field(positive(), "Width of a bin in pixels, from the centre on"),
      unit: field(choice("pixel", "r_mm", "2th_deg", "2th_rad", "q_nm^-1", "q_A^-1"), "What the axis counts"),
      range: field(RANGE, "From where to where the axis goes; default what the first frame covers"),
      azimuthBins: field(whole(1), "Makes a second axis around the beam, of so many bins"),
      azimuthRange: field(RANGE, "From where to where it goes, in degrees; default [-180, 180]"),
      split: field(choice("no", "bbox"), "How a pixel is shared among bins; default no"),
      solidAngle: field(flag(), "Divides by the solid angle; default where a distance is known"),
      polarisation: field(number(-1, 1), "1: polarised along the rows, -1: along the columns; default not corrected"),
      mask: MASK,
      sentinel: SENTINEL,
      dark: field(MAP, "Subtracted from each frame"),
      flat: field(MAP, "What each pixel counts of an even light"),
      errors: field(choice("none", "poisson"), "Standard errors behind the curve; default none"),
    },
  },
  correct: {
    export: "Correct",
    about: "Corrects images: dark, flat, gain, mask",
    options: {
      dark: field(
        either({
          map: exactlyOne({
            firstFrames: field(whole(1), "The mean of the first so many frames of each run"),
            fromStart: field(text("dark"), "A key of the data of the run's Start"),
            fromRun: field(text("dark-7"), "The mean of all frames of the run of this id"),
          }),
          scalar: MAP_FILE,
          list: NUMBERS,
        }),
        "Subtracted from each frame",
      ),
      flat: field(MAP, "What each pixel counts of an even light; divided by"),
      gain: field(either({ scalar: anyOf(positive(), MAP_FILE), list: NUMBERS }), "What one photon counts; divided by"),
      mask: MASK,
      sentinel: SENTINEL,
    },
  },
  crop: { export: "Crop", about: "Cuts a part out of images", options: WINDOW },
  "event-histogram": {
    export: "EventHistogram",
    about: "Counts neutron events by time of flight and pixel",
    options: {
      time: field(object(AXIS), "Bins of the time of flight, in the unit of the events"),
      pixels: field(object(AXIS), "Bins of the pixel number"),
      sliding: field(whole(1), "Counts the latest so many messages only; default all of the run"),
      every: EVERY,
      maxEvents: field(whole(1), "The most events that sliding may keep; default 16777216"),
    },
  },
  "frame-statistics": {
    export: "FrameStatistics",
    about: "Keeps mean, variance, least and most of each pixel over the frames of a run",
    options: {
      statistics: field(list(choice("mean", "variance", "min", "max"), "[mean, max]"), "What goes out; default [mean]"),
      every: EVERY,
      decay: field(number(0, 1), "The weight of each frame, so that older ones fade; default all weigh the same"),
      key: field(text("pump"), "A field of the metadata: frames are kept apart by its value"),
      maxKeys: field(whole(1), "The most values of it in a run; default 16"),
      sentinel: SENTINEL,
    },
  },
  "hit-finder": {
    export: "HitFinder",
    about: "Lets images through that have something on them",
    options: {
      threshold: required(number(), "A pixel counts that is above"),
      minPixels: required(whole(1), "A frame is a hit with so many of them"),
      blanks: BLANKS,
      mask: MASK,
      sentinel: SENTINEL,
    },
  },
  "hot-pixels": {
    export: "HotPixels",
    about: "Takes hot pixels out of images",
    options: {
      frames: field(whole(1), "The mean of the first so many frames of a run is looked at; default 20"),
      sigmas: field(positive(), "How many roots of its neighbours' median a hot pixel is above it; default 8"),
      dead: field(flag(), "Whether pixels that count nothing are hot, too; default false"),
      replace: field(choice("invalid", "median"), "What takes the place of their counts; default invalid"),
      sentinel: SENTINEL,
    },
  },
  "join-by": {
    export: "joinBy",
    about: "Brings together what belongs to one pulse, train or frame from several streams",
    isWhole: true,
    options: {
      key: required(
        either({ scalar: text("pulse_id"), map: record(text("pulse_id")) }),
        "A field of the metadata that is equal, or one for each stream by its name",
      ),
      streams: required(
        either({ list: list(text("camera"), "[camera, laser]"), map: record(functionShape) }),
        "Names of streams, or tests by name: { camera: ./streams.ts#isCamera, ... }; the first one leads",
      ),
      waitMs: field(positive(), "How long the first waits for the others, in ms; default 1000"),
      unmatched: field(choice("drop", "pass"), "What becomes of what waited in vain; default drop"),
    },
  },
  "line-cut": {
    export: "LineCut",
    about: "Gives what images hold along a line",
    options: {
      from: required(POINT, "Where the line begins: [row, column]"),
      to: required(POINT, "Where it ends"),
      samples: field(whole(2), "How many points lie on it; default one for each pixel of its length"),
      width: field(whole(1), "Over so many pixels across the line the mean is taken; default 1"),
      sentinel: SENTINEL,
    },
  },
  "peak-finder": {
    export: "PeakFinder",
    about: "Finds peaks above their local background, and lets images with enough of them through",
    options: {
      threshold: required(number(), "The brightest pixel of a peak is above this"),
      minSnr: field(positive(), "How many deviations of the background its pixels are above it; default 5"),
      minPixels: field(whole(1), "It has so many pixels at least; default 2"),
      maxPixels: field(whole(1), "And so many at most; default 200"),
      radius: field(pair(whole(1, 64), "[4, 8]"), "How far a peak and its background reach, in pixels; default [4, 8]"),
      minPeaks: field(whole(1), "A frame is a hit with so many peaks; default 1"),
      maxPeaks: field(whole(1), "The brightest so many are listed; default 1024"),
      blanks: BLANKS,
      mask: MASK,
      sentinel: SENTINEL,
    },
  },
  preview: {
    export: "Preview",
    about: "Makes small pictures of images",
    options: {
      oneIn: field(whole(1), "One frame of so many is shown; default 1"),
      perSecond: field(positive(), "At most so many frames a second are shown"),
      stretch: field(choice("log", "linear"), "How brightness is shown; default log"),
      range: field(RANGE, "What is black and what is white; default the least and the largest pixel"),
      sentinel: SENTINEL,
    },
  },
  rebin: {
    export: "Rebin",
    about: "Makes images smaller by sums or means",
    options: {
      rows: field(anyOf(whole(1), choice("all")), "Pixels of a column that become one; default 1"),
      columns: field(anyOf(whole(1), choice("all")), "Pixels of a row that become one; default 1"),
      combine: field(choice("sum", "mean"), "What of them; default sum"),
      sentinel: SENTINEL,
    },
  },
  regions: {
    export: "Regions",
    about: "Puts statistics of regions of images into their metadata",
    options: {
      regions: required(record(object(WINDOW)), "Windows by name: { beam: { rows: [0, 10], columns: [0, 10] } }"),
      sentinel: SENTINEL,
    },
  },
  rotate: {
    export: "Rotate",
    about: "Turns images by quarters, against the clock",
    options: { quarters: required(whole(), "By how many quarters; below 0 with the clock") },
  },
  threshold: {
    export: "Threshold",
    about: "Keeps counts between two thresholds",
    options: {
      low: field(number(), "What is below this is not kept"),
      high: field(number(), "What is above this is not kept"),
      below: field(choice("zero", "invalid"), "What becomes of what is below; default zero"),
      above: field(choice("zero", "invalid"), "What becomes of what is above; default invalid"),
      sentinel: SENTINEL,
    },
  },
};
