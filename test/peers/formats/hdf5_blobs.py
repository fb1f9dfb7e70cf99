"""Compressed bytes as the filters of HDF5 make and take them: bslz4 and bszstd (32008), lz4 (32004)."""

import h5py
import hdf5plugin

FILTERS = {
    "bslz4": lambda: hdf5plugin.Bitshuffle(cname="lz4"),
    "bszstd": lambda: hdf5plugin.Bitshuffle(cname="zstd"),
    "lz4": lambda: hdf5plugin.LZ4(nbytes=4096),
}


def compressed(array, name):
    """Gives the only chunk of a data set, as it would lie in a file."""
    with h5py.File("chunk", "w", driver="core", backing_store=False) as file:
        data = file.create_dataset("data", data=array, chunks=array.shape, **FILTERS[name]())
        mask, blob = data.id.read_direct_chunk((0,) * array.ndim)
        assert mask == 0, "the filter was left out"
        return blob


def decompressed(blob, dtype, shape, name):
    """Gives the array of a chunk that was made elsewhere."""
    shape = tuple(shape)
    with h5py.File("chunk", "w", driver="core", backing_store=False) as file:
        data = file.create_dataset("data", shape, dtype, chunks=shape, **FILTERS[name]())
        data.id.write_direct_chunk((0,) * len(shape), bytes(blob))
        return data[...]
