#include "todo/uuid7.h"

#include "base/secret.h"

#define TICK_BITS  12 /* ticks in a millisecond, as a power of two */
#define UUID_BYTES 16

/* 48 bits of milliseconds and 12 of their fraction; never the same twice in a process. */
static uint64_t next_tick(int64_t now_us)
{
    static uint64_t last;
    uint64_t us = now_us < 0 ? 0 : (uint64_t)now_us;
    uint64_t tick = (us / 1000 << TICK_BITS) | ((us % 1000 << TICK_BITS) / 1000);
    last = tick > last ? tick : last + 1;
    return last;
}

static void spell(const uint8_t bytes[UUID_BYTES], char out[UUID7_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

int uuid7_make(int64_t now_us, char out[UUID7_SIZE])
{
    uint8_t bytes[UUID_BYTES];
    int error = secret_random(bytes + 8, sizeof bytes - 8);
    if (error)
        return error;
    uint64_t tick = next_tick(now_us);
    uint64_t ms = tick >> TICK_BITS;
    for (int i = 0; i < 6; i++)
        bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    bytes[6] = (uint8_t)(0x70 | (tick >> 8 & 0x0f)); /* version 7 */
    bytes[7] = (uint8_t)tick;
    bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3f)); /* variant 10 */
    spell(bytes, out);
    return 0;
}

bool uuid7_valid(struct span s)
{
    static const char shape[] = "xxxxxxxx-xxxx-7xxx-Vxxx-xxxxxxxxxxxx";
    if (s.n != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        const char *allowed = shape[i] == 'x' ? "0123456789abcdef" : shape[i] == 'V' ? "89ab" : NULL;
        if (allowed ? !s.p[i] || !strchr(allowed, s.p[i]) : s.p[i] != shape[i])
            return false;
    }
    return true;
}
