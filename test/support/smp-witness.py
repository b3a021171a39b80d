"""Reads SMP packets, as they were on a console line, with the Python package `smp`: another implementation than ours.

In: a line of JSON for each, {"dir": "request" | "answer", "hex": "..."}. Out: {"kind", "same"} or {"fault"}; `same`: framed
by the package they are the same bytes.
"""

import json
import logging
import sys

from smp import image_management as image
from smp import os_management as system
from smp import packet
from smp.header import Header

logging.disable(logging.CRITICAL)

KINDS = {
    ("request", 2, 0, 0): system.EchoWriteRequest,
    ("answer", 3, 0, 0): system.EchoWriteResponse,
    ("request", 2, 0, 5): system.ResetWriteRequest,
    ("answer", 3, 0, 5): system.ResetWriteResponse,
    ("request", 0, 0, 6): system.MCUMgrParametersReadRequest,
    ("answer", 1, 0, 6): system.MCUMgrParametersReadResponse,
    ("request", 0, 0, 7): system.OSApplicationInfoReadRequest,
    ("answer", 1, 0, 7): system.OSApplicationInfoReadResponse,
    ("request", 0, 1, 0): image.ImageStatesReadRequest,
    ("answer", 1, 1, 0): image.ImageStatesReadResponse,
    ("request", 2, 1, 0): image.ImageStatesWriteRequest,
    ("answer", 3, 1, 0): image.ImageStatesWriteResponse,
    ("request", 2, 1, 1): image.ImageUploadWriteRequest,
    ("answer", 3, 1, 1): image.ImageUploadWriteResponse,
}


def unframe(wire):
    decoder = packet.decode()
    next(decoder)
    for line in wire.splitlines(keepends=True):
        try:
            decoder.send(line)
        except StopIteration as end:
            return end.value
    raise ValueError("a frame without end")


for row in map(json.loads, sys.stdin):
    try:
        wire = bytes.fromhex(row["hex"])
        message = unframe(wire)
        header = Header.loads(message[:8])
        kind = KINDS[(row["dir"], int(header.op), int(header.group_id), int(header.command_id))]
        kind.loads(message)
        same = b"".join(packet.encode(message, line_length=128)) == wire
        print(json.dumps({"kind": kind.__name__, "same": same}))
    except Exception as fault:  # Whatever it is, it is told.
        print(json.dumps({"fault": f"{type(fault).__name__}: {fault}"}))
