import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { endpoints } from '../../../src/api/app.js';
import { createOpenApiDocument } from '../../../src/api/http/openapi.js';

// These tests check the shape of the document, so it cannot have a type here.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;

/** The document as it is served, without values that JSON cannot express. */
const document: Json = JSON.parse(JSON.stringify(createOpenApiDocument(endpoints, '1.2.3')));

/** Every object in the document, with the pointer that leads to it. */
function* walk(value: Json, pointer = '#'): Generator<[pointer: string, value: Json]> {
  if (typeof value !== 'object' || value === null) return;
  yield [pointer, value];
  for (const [key, child] of Object.entries(value as { [key: string]: Json })) {
    yield* walk(child, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  }
}

const at = (pointer: string): Json =>
  pointer
    .slice(2)
    .split('/')
    .reduce<Json>((value, key) => value?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], document);

const operations = Object.entries(document['paths'] as { [path: string]: Json }).flatMap(([path, item]) =>
  Object.entries(item as { [method: string]: Json }).map(([method, operation]) => ({ path, method, operation })),
);

const ajv = new Ajv2020({
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allowUnionTypes: true,
  allErrors: true,
});
addFormats.default(ajv);
ajv.addVocabulary(['components']);
// Only the components: the rest of the document is not JSON Schema.
ajv.addSchema(
  { $id: 'components.json', components: { schemas: document['components']['schemas'] } },
  undefined,
  undefined,
  false,
);

const validator = (schema: Json) =>
  ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"components.json#/components')) as object);

describe('the OpenAPI document', () => {
  it('is OpenAPI 3.1 with a name, a version and a description', () => {
    assert.match(document['openapi'], /^3\.1\.\d+$/);
    assert.equal(document['info']['title'], 'IRISX Webhooks API');
    assert.equal(document['info']['version'], '1.2.3');
    assert.ok(document['info']['description'].length > 100);
  });

  it('has exactly the calls of the contract', () => {
    assert.deepEqual(operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort(), [
      'DELETE /v1/api-keys/{key_id}',
      'DELETE /v1/console/session',
      'DELETE /v1/phone-numbers/{phone_number}',
      'DELETE /v1/portal/session',
      'DELETE /v1/tenants/{tenant_id}',
      'DELETE /v1/tenants/{tenant_id}/api-keys/{key_id}',
      'DELETE /v1/tenants/{tenant_id}/portal-sessions',
      'DELETE /v1/tenants/{tenant_id}/portal-sessions/{session_id}',
      'DELETE /v1/webhooks/{webhook_id}',
      'DELETE /v1/webhooks/{webhook_id}/recoveries/{recovery_id}',
      'GET /healthz',
      'GET /readyz',
      'GET /v1/api-keys',
      'GET /v1/audit-log',
      'GET /v1/console/session',
      'GET /v1/deliveries',
      'GET /v1/event-types',
      'GET /v1/events',
      'GET /v1/events/{id}',
      'GET /v1/messages',
      'GET /v1/messages/{message_id}',
      'GET /v1/phone-numbers',
      'GET /v1/platform/receivers',
      'GET /v1/platform/search',
      'GET /v1/platform/state',
      'GET /v1/platform/tenants',
      'GET /v1/portal/session',
      'GET /v1/statistics',
      'GET /v1/tenants',
      'GET /v1/tenants/{tenant_id}',
      'GET /v1/tenants/{tenant_id}/api-keys',
      'GET /v1/tenants/{tenant_id}/export',
      'GET /v1/tenants/{tenant_id}/limits',
      'GET /v1/tenants/{tenant_id}/portal-sessions',
      'GET /v1/tenants/{tenant_id}/retention',
      'GET /v1/tenants/{tenant_id}/usage',
      'GET /v1/webhook-templates',
      'GET /v1/webhooks',
      'GET /v1/webhooks/{webhook_id}',
      'GET /v1/webhooks/{webhook_id}/deliveries',
      'GET /v1/webhooks/{webhook_id}/deliveries/{delivery_id}',
      'GET /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/attempts',
      'GET /v1/webhooks/{webhook_id}/recoveries',
      'GET /v1/webhooks/{webhook_id}/recoveries/{recovery_id}',
      'GET /v1/webhooks/{webhook_id}/statistics',
      'GET /v1/webhooks/{webhook_id}/stream',
      'PATCH /v1/webhooks/{webhook_id}',
      'POST /v1/api-keys',
      'POST /v1/console/session',
      'POST /v1/events',
      'POST /v1/events/batch',
      'POST /v1/events/expunge',
      'POST /v1/events/{event_id}/reveal',
      'POST /v1/filter/test',
      'POST /v1/messages',
      'POST /v1/phone-numbers',
      'POST /v1/tenants',
      'POST /v1/tenants/{tenant_id}/api-keys',
      'POST /v1/tenants/{tenant_id}/portal-links',
      'POST /v1/transform/test',
      'POST /v1/webhooks',
      'POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/retry',
      'POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/reveal',
      'POST /v1/webhooks/{webhook_id}/filter/test',
      'POST /v1/webhooks/{webhook_id}/recoveries',
      'POST /v1/webhooks/{webhook_id}/rotate-secret',
      'POST /v1/webhooks/{webhook_id}/test',
      'POST /v1/webhooks/{webhook_id}/transform/test',
      'POST /v1/webhooks/{webhook_id}/verify',
      'PUT /v1/tenants/{tenant_id}/limits',
      'PUT /v1/tenants/{tenant_id}/quotas',
      'PUT /v1/tenants/{tenant_id}/retention',
    ]);
  });

  it('gives each call a summary, tags and a unique operation id', () => {
    const ids = operations.map(({ operation }) => operation['operationId']);
    assert.equal(new Set(ids).size, ids.length);
    const tags = (document['tags'] as Json[]).map((tag) => tag['name'] as string);
    for (const { operation, path } of operations) {
      assert.ok(operation['summary'] && operation['description'], path);
      assert.ok(tags.includes(operation['tags'][0]), path);
    }
  });

  it('lists exactly the parameters of each path, and describes every one', () => {
    for (const { path, method, operation } of operations) {
      const parameters = (operation['parameters'] ?? []) as Json[];
      const inPath = parameters.filter((parameter) => parameter['in'] === 'path');
      assert.deepEqual(
        inPath.map((parameter) => parameter['name']),
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
        `${method} ${path}`,
      );
      for (const parameter of inPath) assert.equal(parameter['required'], true);
      for (const parameter of parameters) assert.ok(parameter['schema'], `${path} ${parameter['name']}`);
    }
  });

  it("requires each call's scope, and no key for public calls", () => {
    const open = operations.filter(({ operation }) => operation['security'].length === 0).map(({ path }) => path);
    assert.deepEqual(open.sort(), [
      '/healthz',
      '/readyz',
      '/v1/console/session',
      '/v1/event-types',
      '/v1/webhook-templates',
    ]);
    const own = operations.filter(
      ({ path, method }) => /^\/v1\/(?:portal|console)\/session$/.test(path) && method !== 'post',
    );
    assert.deepEqual(
      own.map(({ path, operation }) => [path, operation['security']]),
      [
        ['/v1/portal/session', [{ portalCookie: [] }]],
        ['/v1/portal/session', [{ portalCookie: [] }]],
        ['/v1/console/session', [{ consoleCookie: [] }]],
        ['/v1/console/session', [{ consoleCookie: [] }]],
      ],
    );
    const keyed = operations.filter((one) => !open.includes(one.path) && !own.includes(one));
    for (const { path, operation } of keyed) {
      const [requirement] = operation['security'];
      const [scheme = '', scopes] = Object.entries(requirement as { [scheme: string]: Json })[0] ?? [];
      assert.equal(at(`#/components/securitySchemes/${scheme}`)?.['scheme'], 'bearer', path);
      assert.equal(scopes?.length, 1);
      const sessions = (operation['security'] as Json[]).slice(1).map((session) => Object.keys(session as object));
      const operator = ['consoleCookie', 'sessionToken'];
      const isTenants = scopes[0] !== 'admin' && scopes[0] !== 'events:write';
      assert.deepEqual(sessions, isTenants ? [['portalCookie', 'sessionToken'], operator] : [operator], path);
      for (const status of ['401', '403', '503']) assert.ok(operation['responses'][status], `${path} ${status}`);
    }
  });

  it('describes the success response of each call, and its errors as problem documents', () => {
    for (const { path, method, operation } of operations) {
      const responses = Object.entries(operation['responses'] as { [status: string]: Json });
      assert.ok(
        responses.some(([status]) => status.startsWith('2')),
        path,
      );
      for (const [status, response] of responses) {
        const resolved = response['$ref'] ? at(response['$ref']) : response;
        assert.ok(resolved?.['description'], `${method} ${path} ${status}`);
        assert.ok(resolved['headers']['X-Request-Id'], `${method} ${path} ${status}`);
        if (response['$ref']) assert.deepEqual(Object.keys(resolved['content']), ['application/problem+json']);
      }
    }
  });

  it('resolves every reference', () => {
    let references = 0;
    for (const [pointer, value] of walk(document)) {
      if (typeof value['$ref'] !== 'string') continue;
      references += 1;
      assert.ok(at(value['$ref']), `${pointer}: ${value['$ref']}`);
    }
    assert.ok(references > 50);
  });

  it('has valid JSON Schema 2020-12 schemas, with examples that fit them', () => {
    let examples = 0;
    for (const [pointer, schema] of walk(document)) {
      if (!/\/schema$|\/components\/schemas\/\w+$|\/properties\/\w+$/.test(pointer) || pointer.includes('/examples/'))
        continue;
      const validate = validator(schema);
      for (const example of [
        ...((schema['examples'] as Json[] | undefined) ?? []),
        ...(schema['default'] === undefined ? [] : [schema['default']]),
      ]) {
        examples += 1;
        assert.ok(validate(example), `${pointer}: ${ajv.errorsText(validate.errors)}`);
      }
    }
    assert.ok(examples > 80, `${examples} examples`);
  });

  it('has examples of every request and problem, which fit their schemas', () => {
    for (const [pointer, content] of walk(document)) {
      if (!/\/content\/application~1[^/]+$/.test(pointer)) continue;
      const validate = validator(content['schema']);
      const examples = Object.values((content['examples'] ?? {}) as { [name: string]: Json }).map(
        (example) => example['value'],
      );
      if (pointer.includes('/requestBody/')) assert.ok(examples.length > 0, pointer);
      for (const example of [...examples, ...(content['example'] ? [content['example']] : [])]) {
        assert.ok(validate(example), `${pointer}: ${ajv.errorsText(validate.errors)}`);
      }
    }
  });

  it('names the public url of the server, if it is known', () => {
    assert.deepEqual(document.servers, [{ url: '/' }]);
    const known = createOpenApiDocument(endpoints, '1.2.3', 'https://hooks.example.com');
    assert.deepEqual(known.servers, [{ url: 'https://hooks.example.com' }]);
    const secret = createOpenApiDocument(endpoints, '1.2.3', 'https://user:s3cret@hooks.example.com/irisx');
    assert.deepEqual(secret.servers, [{ url: 'https://hooks.example.com/irisx' }]);
  });

  it('says for every request body that unknown fields are refused', () => {
    const bodies = operations.flatMap(({ operation }) => operation['requestBody'] ?? []);
    assert.equal(bodies.length, 24);
    for (const body of bodies) {
      const { schema } = body['content']['application/json'];
      const named = document['components']['schemas'][schema['$ref']?.split('/').at(-1)];
      assert.equal((named ?? schema)['additionalProperties'], false);
    }
  });
});
