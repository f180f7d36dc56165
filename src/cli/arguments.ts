import { InvalidArgumentError } from 'commander';

/** Readers of single arguments; commander names the option and shows the message. */

export function webhookId(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is the number of a webhook; `irisx webhooks` lists them.');
}

export function count(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number from 1 on.');
}

export function httpUrl(text: string): string {
  if (URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('It is a url, as http://localhost:4000/hook.');
}

const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time as the API takes it, or a time span until now: `30m`, `2h`, `7d`. */
export function time(text: string): string {
  const [, number, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (number !== undefined) return new Date(Date.now() - Number(number) * unitMs[unit]!).toISOString();
  if (/^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError('It is a time, as 2025-10-29T12:00:00Z, or how long ago: 30m, 2h, 7d.');
}

/** For options that may be given several times. */
export const collect = (text: string, before: string[] = []): string[] => [...before, text];
