"""A scan that the RunEngine of Bluesky takes: two streams with arrays and texts, a third whose frames are elsewhere."""

import bluesky.plan_stubs as stubs
import event_model
import numpy
from peer import counts


class Device:
    """Is read by a plan as any device of ophyd."""

    parent = None

    def __init__(self, name, **values):
        self.name = name
        self.values = values
        self.times = 0

    def described(self, value):
        if isinstance(value, numpy.ndarray):
            return {"dtype": "array", "shape": list(value.shape), "source": "SIM"}
        kind = "string" if isinstance(value, str) else "number"
        return {"dtype": kind, "shape": [], "source": "SIM"}

    def describe(self):
        return {f"{self.name}_{key}": self.described(make(0)) for key, make in self.values.items()}

    def read(self):
        self.times += 1
        return {f"{self.name}_{key}": {"value": make(self.times), "timestamp": 1.5} for key, make in self.values.items()}

    def read_configuration(self):
        return {f"{self.name}_gain": {"value": 2, "timestamp": 0.5}}

    def describe_configuration(self):
        return {f"{self.name}_gain": {"dtype": "integer", "shape": [], "source": "SIM"}}


class Camera(Device):
    """Keeps its frames elsewhere, and says where."""

    def describe(self):
        return {"camera_image": {"dtype": "array", "shape": [5, 7], "source": "SIM", "external": "FILESTORE:"}}

    def read(self):
        self.times += 1
        self.datum = f"{self.resource['uid']}/{self.times}"
        return {"camera_image": {"value": self.datum, "timestamp": 1.5}}

    def collect_asset_docs(self):
        if self.times == 1:
            yield "resource", self.resource
        yield "datum", {"resource": self.resource["uid"], "datum_id": self.datum, "datum_kwargs": {"frame": self.times}}

    def begin(self):
        self.times = 0
        made = event_model.compose_resource(spec="X", root="/", resource_path="x.h5", resource_kwargs={"n": 1}, path_semantics="posix")
        self.resource = {key: value for key, value in made.resource_doc.items() if key != "run_start"}


def plan():
    detector = Device("det", image=lambda n: counts("uint16", (6, 4), n), sum=lambda n: 1.25 * n, note=lambda n: f"µ{n}")
    motor, camera = Device("motor", position=lambda n: -0.5 * n), Camera("camera")
    camera.begin()

    def taken(*devices, stream):
        yield from stubs.create(name=stream)
        for device in devices:
            yield from stubs.read(device)
        yield from stubs.save()

    yield from stubs.open_run({"sample": "x", "positions": [0, 1.5], "nested": {"a": None}})
    yield from taken(motor, stream="baseline")
    for _ in range(3):
        yield from taken(detector, motor, stream="primary")
        yield from taken(camera, stream="frames")
    yield from taken(motor, stream="baseline")
    yield from stubs.close_run()
