import { z } from 'zod';
import { uuidForm } from '../../uuid-form.js';
import { lastMoment } from '../../events/trigger.js';

// Schemas are the one source of what is checked, of the types, and of the OpenAPI document (openapi.ts). Messages say
// what was expected; validate.ts adds what came instead.

/** An object as JSON has it; taken as it came, so that no name in it is lost, not even `__proto__`. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const integer = (min: number, max: number, more = '') => {
  const message = `expected a whole number from ${min} to ${max}${more}`;
  return z.int(message).min(min, message).max(max, message);
};

export const boolean = () => z.boolean('expected true or false');

/** Whether Postgres can store it: neither NUL nor half a surrogate pair. */
export const isStorable = (value: string): boolean => !/[\0\p{Cs}]/u.test(value);
export const notStorable = 'expected text without NUL and without half surrogate pairs';

/** Text that Postgres can store. Characters are counted as Postgres does, an emoji of one code point once. */
export const text = (min: number, max: number) => {
  const message = `expected text of ${min} to ${max} characters`;
  return z.string(message).min(min, message).max(max, message).refine(isStorable, notStorable);
};

/** RFC 3339 with any offset; finer than milliseconds is cut off. */
export const timeInput = ({ isFuture = false } = {}) => {
  const message = 'expected an RFC 3339 time with offset, like 2025-10-29T12:00:00Z';
  return (
    z.iso
      .datetime({ offset: true, error: message })
      // Checked as it came, so that errors show what came; what is no time has had its error.
      .refine((value) => !(Date.parse(value) < 0), 'expected a time from 1970 on')
      // By the offset a time of 9999 is one of 10000, which RFC 3339 has no form for.
      .refine((value) => !(Date.parse(value) > lastMoment), 'expected a time before the year 10000 in UTC')
      .refine((value) => !isFuture || !(Date.parse(value) <= Date.now()), 'expected a time in the future')
      .transform((value) => new Date(value))
  );
};

/** Of any version, in either case; comes out in lower case, as Postgres and Temporal have it. */
export const uuid = () =>
  z
    .guid('expected a UUID')
    .toLowerCase()
    .meta({ format: 'uuid', examples: ['0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a'] });

export const maxWebhookId = 2 ** 31 - 1;

/** Undefined for what is no whole number from 1 on, or one beyond Postgres' integer. */
export function parsePositiveInteger(value: string): number | undefined {
  return /^[1-9][0-9]{0,9}$/.test(value) && Number(value) <= maxWebhookId ? Number(value) : undefined;
}

export const parseWebhookId = parsePositiveInteger;

/** Undefined for what is no UUID. */
export const parseUuid = (value: string): string | undefined =>
  uuidForm.test(value) ? value.toLowerCase() : undefined;

// What answers hold.

/** UTC with milliseconds. */
export const time = (description: string) =>
  z.iso.datetime({ precision: 3 }).meta({ description, examples: ['2025-10-29T12:00:00.000Z'] });

export const renderTime = (moment: Date): string => moment.toISOString();
export const renderTimeOrNull = (moment: Date | null): string | null => moment && renderTime(moment);

export const problemSchema = z
  .object({
    type: z.string().meta({
      description: 'Names the kind of problem; stays the same',
      examples: ['urn:irisx:problem:invalid-input'],
    }),
    title: z.string().meta({ description: 'The kind in words', examples: ['Invalid input'] }),
    status: z.int().meta({ description: 'The status code again', examples: [400] }),
    detail: z.string().meta({
      description: 'What was wrong this time, and what to do about it',
      examples: ['The body does not fit: max_retries.'],
    }),
    errors: z
      .array(
        z.object({
          path: z.string().meta({ description: 'The field, as in `events.0`', examples: ['max_retries'] }),
          message: z.string().meta({ examples: ['expected a whole number from 0 to 20, got 21'] }),
        }),
      )
      .optional()
      .meta({ description: 'Every field that was wrong; absent when it was no field' }),
  })
  .meta({ id: 'Problem', description: 'An error, as RFC 9457 has it' });

export type Problem = z.infer<typeof problemSchema>;
