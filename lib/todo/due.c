#include "todo/due.h"

#include "base/error.h"

#define DATE_LENGTH 10 /* 2026-11-21 */
#define TIME_LENGTH 9  /* T10:00:00 */
#define ZONE_LENGTH 6  /* +01:00 */
#define SECOND      INT64_C(1000000)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Does `s` look like `shape`, where each 0 stands for a digit? */
static bool has_shape(struct span s, const char *shape)
{
    if (s.n != strlen(shape))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (shape[i] == '0' ? !is_digit(s.p[i]) : s.p[i] != shape[i])
            return false;
    return true;
}

static int number(const char *p, size_t digits)
{
    int n = 0;
    for (size_t i = 0; i < digits; i++)
        n = n * 10 + (p[i] - '0');
    return n;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Days since 1970-01-01, counting years from March so that the leap day comes last. */
static int64_t days_since_epoch(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int from_march = month > 2 ? month - 3 : month + 9;
    int in_year = (153 * from_march + 2) / 5 + day - 1;
    int era = y / 400, of_era = y % 400;
    return INT64_C(146097) * era + INT64_C(365) * of_era + of_era / 4 - of_era / 100 + in_year - 719468;
}

static int parse_date(struct span s, int64_t *seconds)
{
    if (!has_shape(s, "0000-00-00"))
        return LK_SYNTAX;
    int year = number(s.p, 4), month = number(s.p + 5, 2), day = number(s.p + 8, 2);
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month))
        return LK_SYNTAX;
    *seconds = days_since_epoch(year, month, day) * 86400;
    return 0;
}

static int parse_time(struct span s, int64_t *seconds)
{
    if (!has_shape(s, "T00:00:00"))
        return LK_SYNTAX;
    int hour = number(s.p + 1, 2), minute = number(s.p + 4, 2), second = number(s.p + 7, 2);
    if (hour > 23 || minute > 59 || second > 59)
        return LK_SYNTAX;
    *seconds = hour * 3600 + minute * 60 + second;
    return 0;
}

/* Takes ".123" off the front, if it is there. */
static int take_fraction(struct span *s, int64_t *us)
{
    size_t n = 1;
    int64_t unit = SECOND;
    *us = 0;
    if (!s->n || s->p[0] != '.')
        return 0;
    for (; n < s->n && is_digit(s->p[n]); n++)
        *us += (unit /= 10) * (s->p[n] - '0');
    if (n < 2 || n > 10)
        return LK_SYNTAX;
    s->p += n;
    s->n -= n;
    return 0;
}

static int parse_zone(struct span s, int64_t *seconds)
{
    *seconds = 0;
    if (span_equals(s, "Z"))
        return 0;
    if (s.n != ZONE_LENGTH || (s.p[0] != '+' && s.p[0] != '-') || !has_shape((struct span){s.p + 1, s.n - 1}, "00:00"))
        return LK_SYNTAX;
    int hour = number(s.p + 1, 2), minute = number(s.p + 4, 2);
    if (hour > 23 || minute > 59)
        return LK_SYNTAX;
    *seconds = INT64_C(60) * (s.p[0] == '-' ? -1 : 1) * (hour * 60 + minute);
    return 0;
}

int due_parse(struct span s, int64_t *us)
{
    int64_t date = 0, time = 0, fraction = 0, zone = 0;
    if (s.n < DATE_LENGTH || s.n >= DUE_SIZE || parse_date((struct span){s.p, DATE_LENGTH}, &date))
        return LK_SYNTAX;
    struct span rest = {s.p + DATE_LENGTH, s.n - DATE_LENGTH};
    if (rest.n) {
        if (rest.n < TIME_LENGTH || parse_time((struct span){rest.p, TIME_LENGTH}, &time))
            return LK_SYNTAX;
        rest = (struct span){rest.p + TIME_LENGTH, rest.n - TIME_LENGTH};
        if (take_fraction(&rest, &fraction) || parse_zone(rest, &zone))
            return LK_SYNTAX;
    }
    *us = (date + time - zone) * SECOND + fraction;
    return 0;
}
