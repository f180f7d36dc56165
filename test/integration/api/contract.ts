import assert from 'node:assert/strict';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { endpoints } from '../../../src/api/app.js';
import { createOpenApiDocument } from '../../../src/api/http/openapi.js';

const document = JSON.parse(JSON.stringify(createOpenApiDocument(endpoints, '1.2.3'))) as OpenApi;

interface OpenApi {
  paths: Record<string, Record<string, { responses: Record<string, Response> }>>;
  components: { responses: Record<string, Response> };
}

interface Response {
  $ref?: string;
  headers?: Record<string, unknown>;
  content?: Record<string, unknown>;
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
// Answers may get more fields without breaking a client, so the document does not forbid them. Those of today are all
// documented, though: here an unknown one is a mistake.
ajv.addSchema({ $id: 'openapi.json', ...closed(document) });

/** Fails unless this answer is one that the OpenAPI document describes for the call, down to the last field. */
export function checkResponse(
  method: string,
  pathname: string,
  actual: { status: number; contentType: string | null; body: unknown },
): void {
  const template = Object.keys(document.paths).find((path) => toRegExp(path).test(pathname));
  const operation = template === undefined ? undefined : document.paths[template]?.[method.toLowerCase()];
  if (template === undefined || !operation) {
    assert.ok(
      [404, 405].includes(actual.status),
      `${method} ${pathname} is not documented, and answered ${actual.status}`,
    );
    checkBody('#/components/schemas/Problem', actual.body);
    return;
  }
  const what = `${method} ${template} ${actual.status}`;
  const listed = operation.responses[actual.status];
  assert.ok(listed, `${what} is not documented: ${JSON.stringify(actual.body)}`);
  const pointer = listed.$ref ?? `#/paths/${escape(template)}/${method.toLowerCase()}/responses/${actual.status}`;
  const response = listed.$ref ? document.components.responses[listed.$ref.split('/').at(-1) ?? ''] : listed;
  const actualType = actual.contentType?.split(';')[0];
  const mediaTypes = Object.keys(response?.content ?? {});
  const mediaType = mediaTypes.find((type) => type === actualType) ?? mediaTypes[0];
  if (mediaType === undefined) {
    assert.equal(actual.body, undefined, `${what} has a body`);
    return;
  }
  assert.equal(actualType, mediaType, `${what}: Content-Type`);
  const isMany = ['application/x-ndjson', 'text/event-stream'].includes(mediaType);
  const bodies = isMany ? (actual.body as unknown[]) : [actual.body];
  for (const body of bodies) checkBody(`${pointer}/content/${escape(mediaType)}/schema`, body);
}

const validators = new Map<string, ValidateFunction>();

function checkBody(pointer: string, body: unknown): void {
  const validator = validators.get(pointer) ?? ajv.compile({ $ref: `openapi.json${encodeURI(pointer)}` });
  validators.set(pointer, validator);
  assert.ok(validator(body), `${pointer}: ${ajv.errorsText(validator.errors)} in ${JSON.stringify(body)}`);
}

const escape = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');

const toRegExp = (template: string) => new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`);

/** A copy in which objects have no other properties than those that are listed. */
function closed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(closed) as T;
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, child]) => [key, closed(child)])) as Record<
    string,
    unknown
  >;
  const isObjectSchema = copy['type'] === 'object' && typeof copy['properties'] === 'object';
  if (isObjectSchema && !('additionalProperties' in copy)) copy['additionalProperties'] = false;
  return copy as T;
}
