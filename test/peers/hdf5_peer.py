"""HDF5 files by h5py, with the filters of hdf5plugin.

python hdf5_peer.py read PATH
python hdf5_peer.py write PATH FILTER LIBVER
python hdf5_peer.py master PATH

`read` says what stands in a file of ours; `write` and `master` make files as others do, and say what a listener must give.
"""

import sys
from pathlib import Path

import h5py
import hdf5plugin
import numpy

sys.path.insert(0, str(Path(__file__).parent / "formats"))

from peer import image, say  # noqa: E402

SHAPE = (30, 44)
FILTERS = {
    "none": {},
    "gzip": {"compression": "gzip", "compression_opts": 4},
    "gzip-shuffle": {"compression": "gzip", "shuffle": True, "fletcher32": True},
    "bslz4": hdf5plugin.Bitshuffle(cname="lz4"),
    "bszstd": hdf5plugin.Bitshuffle(cname="zstd"),
    "lz4": hdf5plugin.LZ4(),
    "zstd": hdf5plugin.Zstd(),
    "zstd-sum": {**hdf5plugin.Zstd(), "fletcher32": True},
}
DTYPES = ["uint16", "int32", "float64"]


def plain(value):
    return value.decode() if isinstance(value, bytes) else value


def texts(attributes):
    return {key: plain(value) for key, value in attributes.items() if isinstance(value, (str, bytes))}


def datasets(group):
    return [name for name, member in group.items() if isinstance(member, h5py.Dataset)]


def frames(dataset):
    """Says each frame, with the bytes of its chunk as they stand in the file."""
    properties = dataset.id.get_create_plist()
    for number in range(len(dataset)):
        said = {"frame": dataset[number]}
        if dataset.chunks[0] == 1:
            mask, chunk = dataset.id.read_direct_chunk((number,) + (0,) * (dataset.ndim - 1))
            said |= {"mask": mask, "chunk": numpy.frombuffer(chunk, "uint8")}
        yield said | {"filters": [properties.get_filter(at)[0] for at in range(properties.get_nfilters())]}


def read(path):
    with h5py.File(path, "r") as file:
        entry = file["entry"]
        default = file[file.attrs["default"]]
        data = default[default.attrs["default"]]
        columns = {}
        for name, column in entry["metadata"].items():
            values = column.asstr()[:] if h5py.check_string_dtype(column.dtype) else column[:]
            columns[name] = values.tolist()
        say({
            "root": texts(file.attrs),
            "entry": texts(entry.attrs),
            "data": texts(data.attrs),
            "words": {name: entry[name].asstr()[()] for name in datasets(entry)},
            "start": {name: plain(entry["start"][name][()]) for name in datasets(entry["start"])},
            "columns": columns,
            "time": entry["events/time"][:].tolist(),
            "same": data[data.attrs["signal"]] == entry["data/data"],
        })
        for name in sorted(datasets(data)):
            for said in frames(data[name]):
                say({"dataset": name, **said})


def events(dataset, name, first=0):
    for number in range(len(dataset)):
        say({"type": "event", "content": {"frame": first + number, "dataset": name}, "payload": dataset[number]})


def write(path, name, libver):
    dtype = DTYPES[sorted(FILTERS).index(name) % len(DTYPES)]
    stack = numpy.stack([image(dtype, SHAPE, seed) for seed in range(7)])
    with h5py.File(path, "w", libver=libver) as file:
        entry = file.create_group("entry")
        entry.attrs["NX_class"] = "NXentry"
        entry["title"] = "größe"
        entry["instrument/detector/count_time"] = 0.25
        entry["instrument/detector/beam_center"] = [21.5, 14.5]
        data = entry.create_group("data")
        data.attrs["signal"] = "counts"
        dataset = data.create_dataset("counts", data=stack, chunks=(1, *SHAPE), maxshape=(None, *SHAPE), **FILTERS[name])
        detector = {"count_time": 0.25, "beam_center": [21.5, 14.5]}
        say({"type": "start", "content": {"entry": {"title": "größe", "instrument": {"detector": detector}}}})
        events(dataset, "/entry/data/counts")
        say({"type": "stop", "content": {"frames": 7}})


def master(path):
    """As DECTRIS writes it: frames in files beside, and a dataset of all of them, which is virtual."""
    folder = Path(path).parent
    with h5py.File(path, "w", libver="latest") as file:
        data = file.create_group("entry/data")
        layout = h5py.VirtualLayout((6, *SHAPE), "uint32")
        file["entry/instrument/detector/description"] = "Eiger"
        say({"type": "start", "content": {"entry": {"instrument": {"detector": {"description": "Eiger"}}}}})
        for part in range(2):
            name = f"s_data_{part + 1:06}.h5"
            with h5py.File(folder / name, "w", libver="latest") as beside:
                stack = numpy.stack([image("uint32", SHAPE, 3 * part + seed) for seed in range(3)])
                dataset = beside.create_dataset("entry/data/data", data=stack, chunks=(1, *SHAPE), **FILTERS["bslz4"])
                events(dataset, f"/entry/data/data_{part + 1:06}", 3 * part)
            data[f"data_{part + 1:06}"] = h5py.ExternalLink(name, "/entry/data/data")
            layout[3 * part : 3 * part + 3] = h5py.VirtualSource(name, "/entry/data/data", (3, *SHAPE))
        file.create_virtual_dataset("all", layout)
        say({"type": "stop", "content": {"frames": 6}})


{"read": read, "write": write, "master": master}[sys.argv[1]](*sys.argv[2:])
