import type { z } from 'zod';
import { capFieldErrors, type FieldError } from '../errors.js';
import { eventTypeNames, findEventType, payloadSchema } from './event-types.js';
import { describeFieldType, schemaAt, type JsonSchema } from './field-type.js';
import { showKind, showPath, showValue } from './show-value.js';

/**
 * The fields of `payload` that do not fit the event type, once each and at most the first 20; empty if it fits. Fields
 * that the schema does not know are allowed. Give it the JSON values that will be sent: a Date is refused, its `toJSON`
 * text is not. Never throws.
 *
 * The messages show the value seen. Of the text and links of a message, which may be secret, they show only the kind.
 */
export function checkPayload(name: string, payload: unknown): FieldError[] {
  const schema = findEventType(name)?.schema;
  const jsonSchema = payloadSchema(name);
  if (!schema || !jsonSchema) {
    const known = eventTypeNames.join(', ');
    return [{ path: 'event_type', message: `${showValue(name)} is not an event type; known are: ${known}` }];
  }
  const issues = schema.safeParse(payload, { reportInput: true }).error?.issues ?? [];
  const byPath = new Map(issues.map((issue) => [showPath(['payload', ...issue.path]), issue]));
  return capFieldErrors(describeIssues(byPath, jsonSchema), byPath.size);
}

function* describeIssues(byPath: Map<string, z.core.$ZodIssue>, jsonSchema: JsonSchema): Generator<FieldError> {
  for (const [path, issue] of byPath) {
    const expected = describeFieldType(schemaAt(jsonSchema, issue.path));
    const seen = isPrivate(issue.path) ? showKind(issue.input) : showValue(issue.input);
    const message = issue.input === undefined ? `missing; expected ${expected}` : `expected ${expected}, got ${seen}`;
    yield { path, message };
  }
}

const privateFields: ReadonlySet<PropertyKey> = new Set(['body', 'media_urls', 'recording_url']);

/** The payload as a whole is private too: sent as one string by mistake, it may begin with any field. */
function isPrivate([field]: PropertyKey[]): boolean {
  return field === undefined || privateFields.has(field);
}
