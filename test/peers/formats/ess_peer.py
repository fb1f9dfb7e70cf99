"""Messages of the European Spallation Source, by its own package.

python ess_peer.py send ADDRESS
python ess_peer.py receive ADDRESS COUNT

A socket carries what a Kafka record has as its value. A sender says what it made, in the layout of arroyojs; a receiver
says what the package's readers make of a message.
"""

import sys

import numpy
import zmq
from peer import counts, say
from streaming_data_types import DESERIALISERS, serialise_6s4t, serialise_ad00, serialise_da00, serialise_ev44, serialise_f144, serialise_pl72, serialise_x5f2
from streaming_data_types.area_detector_ad00 import Attribute
from streaming_data_types.dataarray_da00 import Variable
from streaming_data_types.run_start_pl72 import DetectorSpectrumMap

TYPES = "int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64".split()
NS = 1_700_000_000_123_456_789


def start():
    text = dict(run_name="Lauf µ", nexus_structure='{"a": [1]}', service_id="filewriter", instrument_name="LOKI",
                broker="kafka:9092", metadata='{"b": 2}', control_topic="control")
    times = dict(start_time=1_700_000_000_123, stop_time=1_700_000_009_000)
    spectra = numpy.array([4, 5, 6], "int32"), numpy.array([0, 1, 2], "int32"), 3
    message = serialise_pl72(job_id="job 7", filename="x.nxs", detector_spectrum_map=DetectorSpectrumMap(*spectra), **text, **times)
    named = dict(zip(["spectrum", "detector_id", "n_spectra"], spectra))
    return "start", message, {"schema": "pl72", "job_id": "job 7", "filename": "x.nxs", **text, **times, "n_periods": 1, "detector_spectrum_map": named}


def events(number, pulses, many):
    times = numpy.array([NS + 71_000_000 * pulse for pulse in range(pulses)], "int64")
    index = numpy.array([many * pulse // max(pulses, 1) for pulse in range(pulses)], "int32")
    flight, pixels = counts("int32", many, number) & 0x7FFFFFF, counts("int32", many if number % 2 else 0, number) & 0xFFFF
    message = serialise_ev44("loki", number, times, index, flight, pixels)
    content = {"schema": "ev44", "source_name": "loki", "message_id": number, "reference_time": times,
               "reference_time_index": index, "time_of_flight": flight, "pixel_id": pixels}
    return "event", message, content


def log(name, value, type_name):
    content = {"schema": "f144", "source_name": name, "timestamp": NS, "value": value, "dtype": type_name}
    return "event", serialise_f144(name, value, NS), content


def picture(number, dtype):
    data, extra = counts(dtype, (4, 6), number), counts("float64", 3, number)
    attributes = [Attribute("exposure", "seconds", "clock", 0.5), Attribute("name", "of it", "", "µ"), Attribute("trace", "", "x", extra)]
    plain = [dict(name=one.name, description=one.description, source=one.source, data=one.data) for one in attributes]
    content = {"schema": "ad00", "source_name": f"camera {dtype}", "id": number, "timestamp": NS, "data": data, "attributes": plain}
    return "event", serialise_ad00(f"camera {dtype}", number, NS, data, attributes), content


def table(dtype):
    signal, edges = counts(dtype, (3, 5), 1), numpy.linspace(0, 1, 6)
    variables = [
        Variable("signal", signal, ["y", "x"], signal.shape, "counts", "Signal", "det"),
        Variable("x", edges, ["x"], edges.shape, "m"),
        Variable("note", "text µ"),
    ]
    content = [
        dict(name="signal", unit="counts", label="Signal", source="det", axes=["y", "x"], shape=[3, 5], data=signal),
        dict(name="x", unit="m", label=None, source=None, axes=["x"], shape=[6], data=edges),
        dict(name="note", unit=None, label=None, source=None, axes=[], shape=[len("text µ".encode())], data="text µ"),
    ]
    message = serialise_da00("reducer", NS, variables)
    return "event", message, {"schema": "da00", "source_name": "reducer", "timestamp": NS, "variables": content}


def messages():
    yield start()
    yield from (events(number, pulses, many) for number, (pulses, many) in enumerate([(1, 10), (3, 100), (0, 0), (2, 7)]))
    for name in TYPES:
        value = counts(name, 1, 3)[0]
        yield log(f"single {name}", value, name)
        yield log(f"zero {name}", numpy.dtype(name).type(0), name)
        yield log(f"many {name}", counts(name, 5, 4), name)
        yield picture(0, name)
        yield table(name)
    status = dict(software_name="x", software_version="1.2", service_id="s", host_name="h", process_id=4_000_000_000,
                  update_interval=5000, status_json='{"a": 1}')
    yield "control", serialise_x5f2(**status), {"schema": "x5f2", **status}
    stop = dict(job_id="job 7", run_name="Lauf µ", service_id="filewriter", command_id="c", stop_time=1_700_000_010_000)
    yield "stop", serialise_6s4t(**stop), {"schema": "6s4t", **stop}


def plain(value):
    """What the readers give: named tuples, objects, arrays."""
    if hasattr(value, "_asdict"):
        return {name: plain(item) for name, item in value._asdict().items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if type(value).__module__.startswith("streaming_data_types"):
        return {name: plain(item) for name, item in vars(value).items()}
    return value


def main(role, address, count=None):
    context = zmq.Context()
    socket = context.socket(zmq.PUSH if role == "send" else zmq.PULL)
    if role == "send":
        socket.bind(address)
        for kind, message, content in messages():
            socket.send(message)
            say({"type": kind, "content": content})
    else:
        socket.connect(address)
        for _ in range(int(count)):
            message = socket.recv()
            schema = message[4:8].decode()
            say({"schema": schema, "read": plain(DESERIALISERS[schema](message))})
    socket.close()
    context.term()


if __name__ == "__main__":
    main(*sys.argv[1:])
