/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

/* splitmix64 */
uint64_t random_next(uint64_t *state)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
}

unsigned random_below(uint64_t *state, unsigned limit) { return (unsigned)(random_next(state) >> 33) % limit; }
bool random_one_in(uint64_t *state, unsigned odds) { return random_below(state, odds) == 0; }
