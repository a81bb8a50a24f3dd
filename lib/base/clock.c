#include "base/clock.h"

#include "base/file.h"
#include "base/parse.h"

int64_t clock_now(void)
{
    return clock_now_us() / 1000000;
}

static int64_t read_us(clockid_t id)
{
    struct timespec t = {0};
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_now_us(void)
{
    return read_us(CLOCK_REALTIME);
}

int64_t clock_monotonic_us(void)
{
    return read_us(CLOCK_BOOTTIME);
}

void clock_boot(struct clock_boot *out)
{
    struct buf text = BUF_INIT(256);
    *out = (struct clock_boot){.seconds = clock_monotonic_us() / 1000000};
    bool known = file_read("/proc/sys/kernel/random/boot_id", FILE_ANY, &text, NULL) == 0 &&
                 text.n >= CLOCK_BOOT_ID_SIZE - 1 &&
                 parse_is_ident((struct span){text.p, CLOCK_BOOT_ID_SIZE - 1}, CLOCK_BOOT_ID_SIZE);
    if (known)
        memcpy(out->id, text.p, CLOCK_BOOT_ID_SIZE - 1);
    buf_free(&text);
}

struct civil {
    int year, month, day, hour, minute, second, weekday;
};

#define LAST_SECOND 253402300799LL /* 9999-12-31T23:59:59Z */

/* Days to a Gregorian date, counting years from March so that the leap day comes last. */
static struct civil civil_of(int64_t t)
{
    t = t < 0 ? 0 : t > LAST_SECOND ? LAST_SECOND : t;
    int days = (int)(t / 86400), rest = (int)(t % 86400);
    int shifted = days + 719468; /* days since 0000-03-01 */
    int era = shifted / 146097, in_era = shifted % 146097;
    int year_of_era = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int from_march = (5 * in_year + 2) / 153;
    struct civil c = {.day = in_year - (153 * from_march + 2) / 5 + 1};
    c.month = from_march < 10 ? from_march + 3 : from_march - 9;
    c.year = year_of_era + era * 400 + (c.month <= 2);
    c.hour = rest / 3600;
    c.minute = rest / 60 % 60;
    c.second = rest % 60;
    c.weekday = (days + 4) % 7;
    return c;
}

/* Decimal digits from the last to the first; printf would be half of what a date costs. */
static char *digits(char *to, int value, int width)
{
    for (int i = width; i-- > 0; value /= 10)
        to[i] = (char)('0' + value % 10);
    return to + width;
}

static char *time_of_day(char *to, const struct civil *c)
{
    to = digits(to, c->hour, 2);
    *to++ = ':';
    to = digits(to, c->minute, 2);
    *to++ = ':';
    return digits(to, c->second, 2);
}

void clock_rfc3339(int64_t t, char out[CLOCK_RFC3339_SIZE])
{
    struct civil c = civil_of(t);
    char *to = digits(out, c.year, 4);
    *to++ = '-';
    to = digits(to, c.month, 2);
    *to++ = '-';
    to = digits(to, c.day, 2);
    *to++ = 'T';
    to = time_of_day(to, &c);
    *to++ = 'Z';
    *to = '\0';
}

void clock_http(int64_t t, char out[CLOCK_HTTP_SIZE])
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct civil c = civil_of(t);
    char text[128];
    snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[c.weekday], c.day, months[c.month - 1],
             c.year, c.hour, c.minute, c.second);
    memcpy(out, text, CLOCK_HTTP_SIZE);
}
