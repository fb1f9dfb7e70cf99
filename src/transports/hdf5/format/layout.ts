/** Names what a file of this package has beside what NeXus names. */
export const LAYOUT = {
  /** Attribute of the root: the version of this layout. */
  version: "arroyo_layout",
  /** Attribute of the groups of Start and Stop: the whole message as JSON. */
  message: "message",
  /** Attribute of the entry: names the Start, so that the same run is known when it comes again. */
  origin: "arroyo_start",
  /** Attribute of a column: the key of the metadata. */
  key: "key",
  /** Attribute of a column: how many events there were before it. */
  since: "since",
  /** Attributes of the column of sequences: of which stream and partition. */
  stream: "stream",
  partition: "partition",
} as const;

/** Is the version of the layout that is written. */
export const LAYOUT_VERSION = "1";

/** What stands in the column `array` for an event whose payload is bytes, and for one that stands in `more`. */
export const BYTES = -1;
export const IN_MORE = -2;

/** The longest text that is written or read. */
export const MAX_TEXT_BYTES: number = 60 * 1024 * 1024;
