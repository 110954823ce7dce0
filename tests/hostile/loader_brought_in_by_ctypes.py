# SPDX-License-Identifier: MIT
"""Python's ctypes brings the library in, and calls aio_write through libc's own handle: served by atomrt."""
import ctypes
import os
import subprocess
import sys
import tempfile

preload = os.environ["PRELOAD"]

PROGRAM = r"""
import ctypes, os, sys
libc = ctypes.CDLL("libc.so.6", use_errno=True)
early = libc.aio_error                      # looked up before: reads the aiocb only, works for both
ctypes.CDLL(sys.argv[1])
class Aiocb(ctypes.Structure):              # 64-bit layout: fildes, opcode, reqprio, buffer, bytes, sigevent, private
    _fields_ = [("fildes", ctypes.c_int), ("opcode", ctypes.c_int), ("reqprio", ctypes.c_int),
                ("buf", ctypes.c_void_p), ("nbytes", ctypes.c_size_t), ("sigev_value", ctypes.c_void_p),
                ("sigev_signo", ctypes.c_int), ("sigev_notify", ctypes.c_int), ("rest", ctypes.c_char * 256)]
text = ctypes.create_string_buffer(b"by ctypes")
block = Aiocb(fildes=os.open(sys.argv[2], os.O_RDWR), buf=ctypes.addressof(text), nbytes=9, sigev_notify=1)
assert libc.aio_write(ctypes.byref(block)) == 0
listed = (ctypes.c_void_p * 1)(ctypes.addressof(block))
while early(ctypes.byref(block)) == 115:
    libc.aio_suspend(listed, 1, None)
assert libc.aio_return(ctypes.byref(block)) == 9
"""

if ctypes.sizeof(ctypes.c_void_p) != 8:
    sys.exit(77)
with tempfile.TemporaryDirectory() as folder:
    data, statistics = os.path.join(folder, "data"), os.path.join(folder, "statistics")
    open(data, "wb").close()
    environment = dict(os.environ, ATOMRT_STATS=statistics)
    environment.pop("LD_PRELOAD", None)
    subprocess.run([sys.executable, "-c", PROGRAM, preload, data], env=environment, check=True, timeout=600)
    with open(data, "rb") as file:
        assert file.read() == b"by ctypes"
    with open(statistics) as file:
        assert "\nrequests 1\n" in file.read(), "one request served by the library"
