const two = (value: number): string => String(value).padStart(2, '0');

/** A time as `<input type="datetime-local">` has it, in the viewer's zone. Nothing, or no time: the empty text. */
export function toLocalInput(value: string | null): string {
  const time = new Date(value ?? '');
  if (Number.isNaN(time.getTime())) return '';
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day}T${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** The other way round, as RFC 3339 in UTC; null: the input is empty. */
export function fromLocalInput(value: string): string | null {
  const time = new Date(value);
  return value === '' || Number.isNaN(time.getTime()) ? null : time.toISOString();
}

/** So long ago, to the minute. */
export function ago(ms: number, now = new Date()): string {
  return new Date(Math.floor((now.getTime() - ms) / 60_000) * 60_000).toISOString();
}
