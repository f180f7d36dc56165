import { z } from 'zod';
import { isStorable } from '../../db/database.js';
import { uuidForm } from '../../uuid-form.js';
import { lastMoment } from '../../events/trigger.js';

// The schemas are the one source of the checks, the types and the OpenAPI document (openapi.ts). Their messages say
// what was expected; validate.ts adds what came instead.

/** A JSON object; left as it was parsed, so that no name in it is lost, not even `__proto__`. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const integer = (min: number, max: number, more = '') => {
  const message = `expected a whole number from ${min} to ${max}${more}`;
  return z.int(message).min(min, message).max(max, message);
};

export const boolean = () => z.boolean('expected true or false');

export const notStorable = 'expected text without NUL and without unpaired surrogates';

/** Text that Postgres can store. Characters are counted as Postgres does, an emoji of one code point once. */
export const text = (min: number, max: number) => {
  const message = `expected text of ${min} to ${max} characters`;
  return z.string(message).min(min, message).max(max, message).refine(isStorable, notStorable);
};

/** `what` names the items. */
export const listOf = <Item extends z.ZodType>(item: Item, min: number, max: number, what: string) => {
  const message = `expected a list of ${min} to ${max} ${what}`;
  return z.array(item, message).min(min, message).max(max, message);
};

/** In a query string an unescaped + means a space. */
const lostPlus = /T[\d:.]+ \d\d:\d\d$/i;
const plusHint = '; in a query string + is written %2B';

/** RFC 3339 with any offset; digits finer than milliseconds are cut off. */
export const timeInput = ({ isFuture = false } = {}) => {
  const message = 'expected an RFC 3339 time with offset, like 2025-10-29T12:00:00Z';
  return (
    z.iso
      .datetime({ offset: true, error: ({ input }) => (lostPlus.test(String(input)) ? message + plusHint : message) })
      // Checked before it is parsed, so that errors show what came. Text that is not a time already has its error.
      .refine((value) => !(Date.parse(value) < 0), 'expected a time from 1970 on')
      // With its offset a time in 9999 may be in the year 10000 in UTC, which RFC 3339 cannot express.
      .refine((value) => !(Date.parse(value) > lastMoment), 'expected a time before the year 10000 in UTC')
      .refine((value) => !isFuture || !(Date.parse(value) <= Date.now()), 'expected a time in the future')
      .transform((value) => new Date(value))
  );
};

/** Any version, in either case; converted to lower case, as Postgres and Temporal have it. */
export const uuid = () =>
  z
    .guid('expected a UUID')
    .toLowerCase()
    .meta({ format: 'uuid', examples: ['0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a'] });

export const maxWebhookId = 2 ** 31 - 1;

/** Undefined unless it is a whole number from 1 to the largest `integer` of Postgres. */
export function parsePositiveInteger(value: string): number | undefined {
  return /^[1-9][0-9]{0,9}$/.test(value) && Number(value) <= maxWebhookId ? Number(value) : undefined;
}

export const parseWebhookId = parsePositiveInteger;

/** Undefined if it is not a UUID. */
export const parseUuid = (value: string): string | undefined =>
  uuidForm.test(value) ? value.toLowerCase() : undefined;

// Parts of responses.

/** UTC with milliseconds. */
export const time = (description: string) =>
  z.iso.datetime({ precision: 3 }).meta({ description, examples: ['2025-10-29T12:00:00.000Z'] });

export const renderTime = (moment: Date): string => moment.toISOString();
export const renderTimeOrNull = (moment: Date | null): string | null => moment && renderTime(moment);

export const problemSchema = z
  .object({
    type: z.string().meta({
      description: 'Identifies the kind of problem; stable',
      examples: ['urn:irisx:problem:invalid-input'],
    }),
    title: z.string().meta({ description: 'The kind in words', examples: ['Invalid input'] }),
    status: z.int().meta({ description: 'The status code again', examples: [400] }),
    detail: z.string().meta({
      description: 'What was wrong this time, and what to do about it',
      examples: ['The body is not valid: max_retries.'],
    }),
    errors: z
      .array(
        z.object({
          path: z.string().meta({ description: 'The field, such as `events.0`', examples: ['max_retries'] }),
          message: z.string().meta({ examples: ['expected a whole number from 0 to 20, got 21'] }),
        }),
      )
      .optional()
      .meta({ description: 'The fields that were wrong; absent when no field was' }),
  })
  .meta({ id: 'Problem', description: 'An error, as RFC 9457 defines it' });

export type Problem = z.infer<typeof problemSchema>;
