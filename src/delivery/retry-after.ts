const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const month = `(?<month>${months.join('|')})`;
const shortDay = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const longDay = '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)';
const time = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)';

/** The three forms of HTTP-date, RFC 9110 §5.6.7: `IMF-fixdate`, and the obsolete `rfc850-date` and `asctime-date`. */
const httpDates = [
  new RegExp(`^${shortDay}, (?<day>\\d\\d) ${month} (?<year>\\d{4}) ${time} GMT$`),
  new RegExp(`^${longDay}, (?<day>\\d\\d)-${month}-(?<year>\\d\\d) ${time} GMT$`),
  new RegExp(`^${shortDay} ${month} (?<day>\\d\\d| \\d) ${time} (?<year>\\d{4})$`),
];

/**
 * Milliseconds to wait by a `Retry-After` header (RFC 9110 §10.2.3). Undefined when it is absent, repeated or
 * malformed: the normal schedule then applies. A date in the past gives 0. Numbers too large to represent saturate at
 * `Number.MAX_SAFE_INTEGER`; the caller has a cap of its own.
 *
 * `Date.parse` and `parseInt` are not used: they read `-3` as a day in 2001, and `120junk` as 120.
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Math.min(Number(value) * 1000, Number.MAX_SAFE_INTEGER);
  const at = parseHttpDate(value, now);
  return at === undefined ? undefined : Math.max(0, at - now);
}

/**
 * The time by the receiver's clock, from the `Date` of its response, so that its dates are not compared with our clock.
 * Without a `Date`, our time.
 */
export function receiversTime(date: string | undefined, now: number): number {
  return (date === undefined ? undefined : parseHttpDate(date, now)) ?? now;
}

function parseHttpDate(text: string, now: number): number | undefined {
  for (const form of httpDates) {
    const groups = form.exec(text)?.groups;
    if (!groups) continue;
    const monthIndex = months.indexOf(groups['month'] ?? '');
    const [day, hour, minute, second] = ['day', 'hour', 'minute', 'second'].map((name) => Number(groups[name]));
    const year = fullYear(groups['year'] ?? '', now);
    if (day === undefined || hour === undefined || minute === undefined || second === undefined) return undefined;
    // 60 is a leap second. Date.UTC would quietly carry the 31st of February over into March.
    const lastDay = new Date(Date.UTC(year, monthIndex + 1, 0)).getUTCDate();
    if (day < 1 || day > lastDay || hour > 23 || minute > 59 || second > 60) return undefined;
    return Date.UTC(year, monthIndex, day, hour, minute, second);
  }
  return undefined;
}

/** A year of two digits that seems over 50 years ahead is the latest past year with those digits (RFC 9110 §5.6.7). */
function fullYear(digits: string, now: number): number {
  if (digits.length === 4) return Number(digits);
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
}
