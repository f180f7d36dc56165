import assert from 'node:assert/strict';
import { endpoints } from '../../../src/api/app.js';
import { answersAtLength, bodyFields, hideBodies } from '../../../src/api/http/hide-bodies.js';
import { createOpenApiDocument } from '../../../src/api/http/openapi.js';
import { failureText } from '../../../src/delivery/transform-error.js';

describe('hideBodies', () => {
  it('takes the bodies out of whatever has them, at any depth, and says so there', () => {
    const attempt = { number: 1, request_headers: { a: 'b' }, response_headers: null, response_body: 'secret' };
    const answer = { delivery: { id: 'd', body: 'secret', status_code: 200, attempts: [attempt] }, next_cursor: null };
    assert.deepEqual(hideBodies(answer), {
      delivery: {
        id: 'd',
        body: null,
        status_code: 200,
        attempts: [
          { number: 1, request_headers: null, response_headers: null, response_body: null, bodies_hidden: true },
        ],
        bodies_hidden: true,
      },
      next_cursor: null,
    });
    assert.equal(attempt.response_body, 'secret', 'the answer itself stays as it is');
  });

  it('leaves alone what has none', () => {
    const answer = { webhooks: [{ id: 1, headers: { 'X-Team': 'billing' }, url: 'https://example.com' }], at: null };
    assert.deepEqual(hideBodies(answer), answer);
    assert.equal(hideBodies(undefined), undefined);
  });

  it('leaves out what a failed transform reported, wherever it is repeated', () => {
    const message = failureText({ message: 'Unable to cast value to a number: "secret\nsecret"', position: 7 });
    const hidden = 'The transform failed at position 7; the rest is hidden, since it may quote the event.';
    assert.deepEqual(hideBodies({ error: { class: 'transform', message }, last_error: message }), {
      error: { class: 'transform', message: hidden },
      last_error: hidden,
    });
    assert.deepEqual(hideBodies([`The last error: ${message} Enable it.`]), [`The last error: ${hidden}`]);
    assert.match(hideBodies(failureText({ message: 'secret', position: null })) as string, /^The transform failed; /);
    const other = 'The receiver answered 500; only 2xx is success.';
    assert.equal(hideBodies(other), other);
  });
});

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;

/** Fields of answers that hold, or may hold, anything or text from outside, but no body; and why not. */
const notBodies: Record<string, string> = {
  'webhook.headers': 'a setting; what looks secret is masked',
  'webhook.filter': 'a setting',
  'failed.condition': 'of the filter that was sent, or of the setting',
  'failed.value': 'of the event that was sent, or of the example',
  'changes.old': 'of a setting or a state; masked where the audit log is written',
  'changes.new': 'as above',
};

describe('the answers that operators get', () => {
  const document: Json = JSON.parse(JSON.stringify(createOpenApiDocument(endpoints, '1.2.3')));
  const resolve = (schema: Json): Json =>
    schema?.$ref ? document.components.schemas[schema.$ref.split('/').at(-1)] : schema;

  interface Field {
    operation: string;
    parent: string;
    name: string;
    schema: Json;
    siblings: string[];
  }

  /** Every field of a schema, with the field that it is in. */
  function* fieldsOf(operation: string, given: Json, parent: string): Generator<Field> {
    const schema = resolve(given);
    if (typeof schema !== 'object' || schema === null) return;
    const siblings = Object.keys(schema.properties ?? {});
    for (const [name, property] of Object.entries<Json>(schema.properties ?? {})) {
      yield { operation, parent, name, schema: resolve(property), siblings };
      yield* fieldsOf(operation, property, name);
    }
    const parts = ['anyOf', 'oneOf', 'allOf'].flatMap((key) => schema[key] ?? []);
    for (const part of [...parts, schema.items, schema.additionalProperties]) yield* fieldsOf(operation, part, parent);
  }

  const shown = endpoints.filter(({ access, showsBodies }) => access !== 'public' && !showsBodies);
  const inJson = shown.filter((endpoint) => !answersAtLength(endpoint));
  const responsesOf = ({ path, method }: { path: string; method: string }): Json[] =>
    Object.values(document.paths[path.replace(/:(\w+)/g, '{$1}')][method].responses);
  const fields = inJson.flatMap((endpoint) =>
    responsesOf(endpoint).flatMap((response) => [
      ...fieldsOf(endpoint.operationId, response.content?.['application/json']?.schema, endpoint.operationId),
    ]),
  );

  const typesOf = (schema: Json): string[] =>
    [
      schema.type ?? [],
      ...['anyOf', 'oneOf']
        .flatMap((key) => schema[key] ?? [])
        .map(resolve)
        .map(typesOf),
    ].flat();
  const holdsText = (schema: Json) => typesOf(schema).some((type) => !['boolean', 'integer', 'null'].includes(type));
  function mayBeAnything(given: Json): boolean {
    const schema = resolve(given);
    const parts = ['anyOf', 'oneOf'].flatMap((key) => schema[key] ?? []);
    if (parts.length > 0) return parts.some(mayBeAnything);
    if ('const' in schema || schema.enum) return false;
    const types = typesOf(schema);
    return (
      types.length === 0 ||
      (types.includes('object') && !schema.properties && mayBeAnything(schema.additionalProperties ?? {})) ||
      (types.includes('array') && mayBeAnything(schema.items ?? {}))
    );
  }
  const looksLikeABody = ({ name, schema }: Field) =>
    mayBeAnything(schema) || (/body|bodies|payload|header|content|media|data|raw|html/.test(name) && holdsText(schema));

  it('have no field that looks like a body and is not hidden', () => {
    const suspects = fields.filter((field) => !bodyFields.includes(field.name) && looksLikeABody(field));
    const nameOf = ({ parent, name }: Field) => `${parent.replace(/s$/, '')}.${name}`;
    const known = Object.keys(notBodies).map((name) => name.replace(/s\./, '.'));
    assert.deepEqual(
      suspects.filter((field) => !known.includes(nameOf(field))).map((field) => `${field.operation}: ${nameOf(field)}`),
      [],
      'hide it (bodyFields), or say in `notBodies` here why it is no body',
    );
    const found = new Set(suspects.map(nameOf));
    assert.deepEqual(
      known.filter((name) => !found.has(name)),
      [],
      'there is no such field any more',
    );
  });

  it('are documented as they are when a body is hidden', () => {
    const hidden = fields.filter(({ name }) => bodyFields.includes(name));
    const where = new Set(hidden.map(({ operation }) => operation));
    for (const operation of ['getDelivery', 'listDeliveries', 'listAttempts', 'getEvent', 'listMessages'])
      assert.ok(where.has(operation), operation);
    for (const { operation, name, schema, siblings } of hidden) {
      assert.ok(typesOf(schema).includes('null'), `${operation}: ${name} may be null`);
      assert.ok(siblings.includes('bodies_hidden'), `${operation}: bodies_hidden beside ${name}`);
    }
  });

  it('are refused as lines and streams, and hold no body as CSV', () => {
    assert.deepEqual(
      shown.filter(answersAtLength).map(({ operationId }) => operationId),
      ['exportTenant', 'streamDeliveries'],
    );
    const asCsv = inJson.filter(({ responses }) => Object.values(responses).some(({ csv }) => csv));
    const names = asCsv.map(({ operationId }) => operationId);
    assert.deepEqual(
      fields.filter(({ operation, name }) => names.includes(operation) && bodyFields.includes(name)),
      [],
    );
  });

  it('show bodies only where they are revealed, or were sent by the caller', () => {
    assert.deepEqual(
      endpoints.filter(({ showsBodies }) => showsBodies).map(({ operationId }) => operationId),
      ['testNewTransform', 'testTransform', 'revealDelivery', 'revealEvent'],
    );
  });
});
