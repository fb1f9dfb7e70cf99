"""Sockets of the peers: nothing is dropped for want of room, so that what is lost is lost by us."""

import zmq


def reading(context, kind, address):
    socket = context.socket({"sub": zmq.SUB, "pull": zmq.PULL}[kind])
    socket.setsockopt(zmq.RCVHWM, 0)
    if kind == "sub":
        socket.setsockopt(zmq.SUBSCRIBE, b"")
    socket.connect(address)
    return socket


async def writing(context, kind, address):
    """Binds, and for `pub` waits until somebody subscribes."""
    socket = context.socket({"pub": zmq.XPUB, "push": zmq.PUSH}[kind])
    socket.setsockopt(zmq.SNDHWM, 0)
    socket.bind(address)
    if kind == "pub":
        await socket.recv()
    return socket
