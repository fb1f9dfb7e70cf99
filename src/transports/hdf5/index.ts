export { Hdf5Listener, type Hdf5ListenerOptions } from "./reading/hdf5-listener.ts";
export type { Hdf5Speed } from "./reading/pace.ts";
export {
  HDF5_DEFAULTS,
  Hdf5Publisher,
  type Hdf5PublisherOptions,
  type Hdf5Sync,
} from "./writing/hdf5-publisher.ts";
export type { FrameCompression } from "./writing/stored-chunk.ts";
