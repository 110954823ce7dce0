#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An MPI program writes and reads a file with MPI_File_iwrite_at and MPI_File_iread_at, with many requests in flight.

Usage: mpi_file_io.py openmpi|mpich. The program is built with that MPI's compiler. Open MPI polls with aio_error,
MPICH waits in aio_suspend. Each nonblocking call is one AIO request.
"""

import os
import re
import sys

import harness

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'mpi_file_io.c')
RANKS = 2
# Open MPI does not start as root, nor more ranks than cores, nor look past this machine, unless told so.
OPEN_MPI = {'OMPI_ALLOW_RUN_AS_ROOT': '1', 'OMPI_ALLOW_RUN_AS_ROOT_CONFIRM': '1', 'OMPI_MCA_rmaps_base_oversubscribe': '1',
            'OMPI_MCA_btl': 'self,vader', 'OMPI_MCA_plm': 'isolated', 'OMPI_MCA_oob_tcp_if_include': 'lo'}


def check(client, mpi):
    program = client.path('mpi_file_io')
    built = client.run('glibc', [f'mpicc.{mpi}', '-O1', '-o', program, SOURCE])
    harness.expect(built.status == 0, f'the program does not build:\n{built.output}')
    for runtime in client.runtimes():
        # TMPDIR: Open MPI's session folders go the way of ours.
        run = client.run(runtime, [program, client.path(f'data.{runtime}')], wrap=[f'mpirun.{mpi}', '-n', str(RANKS)],
                         environment={**OPEN_MPI, 'TMPDIR': client.folder})
        run.expect_success()
        verified = re.search(r'verified (\d+) requests', run.output)
        harness.expect(verified, f'under {runtime} nothing was verified:\n{run.output}')
        asked = int(verified.group(1))
        run.expect_served(asked, asked)
        run.expect_no_errors()
        print(f'{runtime}: {asked} requests verified')


if __name__ == '__main__':
    if sys.argv[1:] not in (['openmpi'], ['mpich']):
        sys.exit(__doc__)
    MPI = sys.argv[1]
    harness.main(lambda client: check(client, MPI), needs=[f'mpicc.{MPI}', f'mpirun.{MPI}'])
