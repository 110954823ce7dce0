/* SPDX-License-Identifier: MIT */
/* Writes a file with MPI_File_iwrite_at and reads it back with MPI_File_iread_at, many requests in flight, each rank
 * its own interleaved blocks; every rank then reads the blocks of its neighbour. Prints the requests it made. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCKS = 32, INTS_PER_BLOCK = 4096, BLOCK_BYTES = INTS_PER_BLOCK * sizeof(int) };

static void require(int code, const char *what) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  fprintf(stderr, "%s: %s\n", what, text);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

static int value_at(int rank, int block, int index) { return rank * 100000000 + block * 1000000 + index; }

static MPI_Offset place_of(int rank, int ranks, int block) {
  return ((MPI_Offset)block * ranks + rank) * (MPI_Offset)BLOCK_BYTES;
}

static void wait_for_all(MPI_Request *requests) {
  MPI_Status statuses[BLOCKS];
  require(MPI_Waitall(BLOCKS, requests, statuses), "MPI_Waitall");
  for (int block = 0; block < BLOCKS; block++) {
    int count = 0;
    require(MPI_Get_count(&statuses[block], MPI_INT, &count), "MPI_Get_count");
    if (count != INTS_PER_BLOCK) {
      fprintf(stderr, "block %d: %d of %d integers were moved\n", block, count, INTS_PER_BLOCK);
      MPI_Abort(MPI_COMM_WORLD, 1);
    }
  }
}

static void write_own_blocks(MPI_File file, int *data, int rank, int ranks) {
  MPI_Request requests[BLOCKS];
  for (int block = 0; block < BLOCKS; block++) {
    int *part = data + block * INTS_PER_BLOCK;
    for (int index = 0; index < INTS_PER_BLOCK; index++) part[index] = value_at(rank, block, index);
    require(MPI_File_iwrite_at(file, place_of(rank, ranks, block), part, INTS_PER_BLOCK, MPI_INT, &requests[block]),
            "MPI_File_iwrite_at");
  }
  wait_for_all(requests);
}

static void read_blocks_of(int owner, MPI_File file, int *data, int ranks) {
  MPI_Request requests[BLOCKS];
  for (int block = 0; block < BLOCKS; block++)
    require(MPI_File_iread_at(file, place_of(owner, ranks, block), data + block * INTS_PER_BLOCK, INTS_PER_BLOCK,
                              MPI_INT, &requests[block]),
            "MPI_File_iread_at");
  wait_for_all(requests);
  for (int block = 0; block < BLOCKS; block++)
    for (int index = 0; index < INTS_PER_BLOCK; index++)
      if (data[block * INTS_PER_BLOCK + index] != value_at(owner, block, index)) {
        fprintf(stderr, "block %d of rank %d is wrong at %d\n", block, owner, index);
        MPI_Abort(MPI_COMM_WORLD, 1);
      }
}

int main(int count, char **arguments) {
  MPI_Init(&count, &arguments);
  int rank = 0;
  int ranks = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (count != 2) {
    fprintf(stderr, "usage: %s FILE\n", arguments[0]);
    MPI_Abort(MPI_COMM_WORLD, 2);
  }
  int *data = malloc((size_t)BLOCKS * BLOCK_BYTES);
  MPI_File file;
  require(MPI_File_open(MPI_COMM_WORLD, arguments[1], MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &file),
          "MPI_File_open");
  write_own_blocks(file, data, rank, ranks);
  require(MPI_File_sync(file), "MPI_File_sync");
  MPI_Barrier(MPI_COMM_WORLD);
  read_blocks_of((rank + 1) % ranks, file, data, ranks);
  require(MPI_File_close(&file), "MPI_File_close");
  free(data);
  if (rank == 0) printf("verified %d requests\n", ranks * 2 * BLOCKS);
  MPI_Finalize();
  return 0;
}
