const whole = new Intl.NumberFormat('en');
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** `12,345`. */
export const count = (value: number | string): string => whole.format(Number(value));

/** `12.3K`, for axes and small places. */
export const shortCount = (value: number): string => short.format(value);

/** `1 delivery`, `2 deliveries`. */
export const counted = (value: number | string, one: string, many = `${one}s`): string =>
  `${count(value)} ${Number(value) === 1 ? one : many}`;

/** `99.2 %`; never `100 %` when a part is missing. Null: there is nothing to divide by. */
export function percent(part: number, all: number): string | null {
  if (all === 0) return null;
  const value = (part / all) * 100;
  const rounded = part === all || value < 99.95 ? Number(value.toFixed(1)) : 99.9;
  return `${rounded} %`;
}
