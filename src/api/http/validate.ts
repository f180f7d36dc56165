import type { z } from 'zod';
import { capFieldErrors, InvalidInputError, type FieldError } from '../../errors.js';
import { showKind, showPath, showValue } from '../../events/show-value.js';

/**
 * Returns the schema's output. Throws InvalidInputError that names the first 20 fields that are missing, wrong or
 * unknown; `what` is the part of the request.
 */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: 'body' | 'query',
): z.output<Schema> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const issues = onceEach(result.error.issues);
  const total = issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);
  const errors = capFieldErrors(describeIssues(issues, schema), total);
  const fields = [...new Set(errors.map((error) => error.path))].filter(Boolean);
  const subject = what === 'body' ? 'The body' : 'The query string';
  throw new InvalidInputError(
    fields.length > 0
      ? `${subject} is not valid: ${fields.slice(0, 10).join(', ')}${fields.length > 10 ? ', …' : ''}.`
      : `${subject} is not valid: ${errors.map((error) => error.message).join('; ')}.`,
    fields.length > 0 ? errors : [],
  );
}

/** Text in place of a list breaks two checks of the list, its type and its length, with the same message. */
const onceEach = (issues: z.core.$ZodIssue[]): z.core.$ZodIssue[] =>
  issues.filter((issue, index) => {
    const before = issues[index - 1];
    return before?.message !== issue.message || showPath(before.path) !== showPath(issue.path);
  });

/** Values of these fields are not repeated in messages: they may hold credentials. */
const privateFields: ReadonlySet<PropertyKey> = new Set([
  'url',
  'headers',
  'payload',
  'description',
  'body',
  'media_urls',
]);

/** A generator, because of a hundred thousand issues only the first few are used. */
function* describeIssues(issues: z.core.$ZodIssue[], schema: z.ZodType): Generator<FieldError> {
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') {
      const known = issue.path.length === 0 && 'shape' in schema ? Object.keys(schema.shape as object) : [];
      const remedy = known.length > 0 ? `; expected one of ${known.join(', ')}` : '; leave it out';
      for (const key of issue.keys) {
        yield { path: showPath([...issue.path, key]), message: `is unknown${remedy}` };
      }
    } else yield describeIssue(issue);
  }
}

function describeIssue(issue: z.core.$ZodIssue): FieldError {
  const path = showPath(issue.path);
  // A custom check with a complete message decides by itself whether to show the value.
  if (issue.code === 'custom' && issue.params?.['complete'] === true) return { path, message: issue.message };
  if (issue.input === undefined) return { path, message: `missing; ${issue.message}` };
  const isPrivate = issue.path.length === 0 || privateFields.has(issue.path[0] as PropertyKey);
  const seen = isPrivate ? showKind(issue.input) : showValue(issue.input);
  return { path, message: `${issue.message}, got ${seen}` };
}
