/** A field of an event's `data`, in words. */
export interface Field {
  /** `call.from`, `media_urls[].type`. */
  name: string;
  type: string;
  isRequired: boolean;
  description: string;
  /** The only values it may have; empty: others, too. */
  values: string[];
}

/** The keywords of JSON Schema that the catalogue uses. */
interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  minimum?: number;
  maximum?: number;
  description?: string;
}

/** The fields of an object, those of objects in it below them. */
export function fieldsOf(schema: Schema, prefix = ''): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]) => {
    const name = prefix + key;
    const inner = alternatives(field).flatMap((part) =>
      part.items ? fieldsOf(part.items, `${name}[].`) : fieldsOf(part, `${name}.`),
    );
    return [
      {
        name,
        type: typeOf(field),
        isRequired: schema.required?.includes(key) ?? false,
        description: field.description ?? '',
        values: valuesOf(field),
      },
      ...inner,
    ];
  });
}

/** Itself, or what it may be, without null. */
const alternatives = (schema: Schema): Schema[] => (schema.anyOf ? schema.anyOf.flatMap(alternatives) : [schema]);

/** `text`, `whole number or null`, `list of text`. */
function typeOf(schema: Schema): string {
  const words = alternatives(schema).flatMap((part) => [part.type ?? []].flat().map((type) => wordOf(type, part)));
  return [...new Set(words)].join(' or ') || 'anything';
}

function wordOf(type: string, { format, items, minimum, maximum }: Schema): string {
  switch (type) {
    case 'string':
      return format === 'date-time' ? 'time' : format === 'uuid' ? 'UUID' : format === 'uri' ? 'url' : 'text';
    case 'integer':
    case 'number':
      return (type === 'integer' ? 'whole number' : 'number') + range(minimum, maximum);
    case 'boolean':
      return 'true or false';
    case 'array':
      return `list of ${items ? typeOf(items) : 'anything'}`;
    default:
      return type;
  }
}

function range(minimum: number | undefined, maximum: number | undefined): string {
  const from = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined;
  const to = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  if (from !== undefined && to !== undefined) return `, ${from} to ${to}`;
  if (from !== undefined) return `, ${from} or more`;
  return to === undefined ? '' : `, ${to} or less`;
}

const valuesOf = (schema: Schema): string[] =>
  alternatives(schema).flatMap((part) =>
    (part.const === undefined ? (part.enum ?? []) : [part.const]).map((value) => JSON.stringify(value)),
  );

/** A whole body as a webhook without a transform gets it. */
export function exampleBody({ name, example }: { name: string; example: Record<string, unknown> }): string {
  const body = { event: name, event_id: 'example-1', timestamp: '2025-10-29T12:00:00.000Z', data: example };
  return JSON.stringify(body, null, 2);
}
