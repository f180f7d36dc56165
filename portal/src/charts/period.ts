/** What charts and figures may show, in the url as `?period=7d`. */
export const periods = [
  { id: '1h', title: 'Last hour', bucket: 'minute', hours: 1 },
  { id: '24h', title: '24 hours', bucket: 'hour', hours: 24 },
  { id: '7d', title: '7 days', bucket: 'hour', hours: 168 },
  { id: '30d', title: '30 days', bucket: 'day', hours: 720 },
] as const;

export type Period = (typeof periods)[number];
export type Unit = Period['bucket'];

export const unitSeconds: Record<Unit, number> = { minute: 60, hour: 3_600, day: 86_400 };

/** Of an id from the url; 24 hours unless it is one. */
export const periodOf = (id: string | null): Period => periods.find((period) => period.id === id) ?? periods[1];

/** What to ask the statistics for: as many buckets as the period has, the current one included. */
export function statisticsQuery({ bucket, hours }: Period, now: Date): { bucket: Unit; since: string } {
  const unitMs = unitSeconds[bucket] * 1_000;
  const firstMs = Math.floor(now.getTime() / unitMs) * unitMs + unitMs - hours * 3_600_000;
  return { bucket, since: new Date(firstMs).toISOString() };
}

const minute = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const hour = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** When a bucket is: in the viewer's zone, but days are those of UTC. */
export function bucketTime(start: string, unit: Unit): string {
  const time = new Date(start);
  if (unit === 'day') return `${day.format(time)} (UTC)`;
  const end = new Date(time.getTime() + unitSeconds[unit] * 1_000);
  return `${(unit === 'minute' ? minute : hour).format(time)} – ${minute.format(end)}`;
}

const localDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** Marks of a time axis, which are `stepSeconds` apart. */
export function axisTimes(seconds: readonly number[], stepSeconds: number, unit: Unit): string[] {
  return seconds.map((value) => {
    const time = new Date(value * 1_000);
    if (unit === 'day') return day.format(time);
    const isMidnight = time.getHours() === 0 && time.getMinutes() === 0;
    return stepSeconds >= 86_400 || isMidnight ? localDay.format(time) : minute.format(time);
  });
}
