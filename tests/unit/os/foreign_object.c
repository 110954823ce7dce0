/* SPDX-License-Identifier: MIT */
/* A shared object that has a function close of its own, in a version of its own (foreign_object.map), and calls it. */
int close(int fd);
int foreign_close(int fd);

int close(int fd)
{
    return fd + 1000;
}

int foreign_close(int fd)
{
    return close(fd);
}
