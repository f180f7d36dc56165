import type { z } from 'zod';

/** A JSON Schema of draft 2020-12. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * What a field may hold, in a few words: `number ≥ 0 or null`, `a list of text`. Error messages and the page of event types use the same
 * words.
 */
export function describeFieldType(schema: JsonSchema): string {
  if (schema.anyOf) return schema.anyOf.map(describeFieldType).join(' or ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return `one of ${schema.enum.map((value) => JSON.stringify(value)).join(', ')}`;
  if (schema.format === 'date-time') return 'RFC 3339 time with offset';
  if (schema.pattern) return `text matching ${schema.pattern}`;
  if (schema.type === 'string' && schema.minLength) return 'non-empty text';
  if (schema.type === 'array') return `a list of ${describeFieldType(schemaAt(schema, [0]))}`;
  const type = [schema.type ?? 'any value'].flat().join(' or ').replace('string', 'text');
  return schema.minimum === 0 ? `${type} ≥ 0` : type;
}

/** The schema of the value at `path`; `{}`, which allows anything, where the schema says nothing. */
export function schemaAt(schema: JsonSchema, path: readonly PropertyKey[]): JsonSchema {
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  const array = [schema, ...(schema.anyOf ?? [])].find((option) => option.type === 'array');
  const child = typeof key === 'number' ? array?.items : schema.properties?.[String(key)];
  return isSchema(child) ? schemaAt(child, rest) : {};
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
