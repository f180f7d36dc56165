const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const full = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  timeZoneName: 'short',
});
const timeOfDay = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayAndTime = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const dayMonthYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const offset = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'shortOffset' });

/** The viewer's time zone, such as `Europe/Berlin (GMT+1)`. */
export function zoneName(now = new Date()): string {
  const part = offset.formatToParts(now).find(({ type }) => type === 'timeZoneName');
  return part && part.value !== zone ? `${zone} (${part.value})` : zone;
}

/** With weekday, milliseconds and zone. */
export const fullTime = (value: string | Date): string => full.format(new Date(value));

/** The time of a day that is known already. */
export const clockTime = (value: string | Date): string => timeOfDay.format(new Date(value));

/** As short as can be: the time for today, day and time for this year, else the day. */
export function shortTime(value: string | Date, now = new Date()): string {
  const time = new Date(value);
  if (time.toDateString() === now.toDateString()) return timeOfDay.format(time);
  return time.getFullYear() === now.getFullYear() ? dayAndTime.format(time) : dayMonthYear.format(time);
}

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const steps = [
  ['second', 1_000, 60_000],
  ['minute', 60_000, 3_600_000],
  ['hour', 3_600_000, 86_400_000],
  ['day', 86_400_000, Infinity],
] as const;

/** `3 min. ago`, `in 2 hr.` */
export function relativeTime(value: string | Date, now = new Date()): string {
  const differenceMs = new Date(value).getTime() - now.getTime();
  const [unit, unitMs] = steps.find(([, , belowMs]) => Math.abs(differenceMs) < belowMs)!;
  return relative.format(Math.trunc(differenceMs / unitMs), unit);
}

/** `245 ms`, `1.5 s`, `2 min 5 s`, `3 h 10 min`, `4 days`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 60) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 3_600) return parts(Math.floor(whole / 60), 'min', whole % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 2_880) return parts(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  return `${Math.round(minutes / 1_440)} days`;
}

const parts = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
