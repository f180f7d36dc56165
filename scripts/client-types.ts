// Prints src/client/api-types.ts: npx tsx scripts/client-types.ts > src/client/api-types.ts
import { pathToFileURL } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';
import { format, resolveConfig } from 'prettier';
import { endpoints } from '../src/api/app.js';
import { createOpenApiDocument } from '../src/api/http/openapi.js';

/** The types of the API's client as TypeScript; the same endpoints always give the same text. */
export async function renderClientTypes(): Promise<string> {
  const document = JSON.parse(JSON.stringify(createOpenApiDocument(endpoints, ''))) as Parameters<typeof openapiTS>[0];
  const types = astToString(await openapiTS(document, { rootTypes: true, rootTypesNoSchemaPrefix: true }));
  const text = `// Made by scripts/client-types.ts from the OpenAPI document; change the endpoints.\n\n${types}`;
  return format(text, { ...(await resolveConfig(import.meta.url)), parser: 'typescript' });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.stdout.write(await renderClientTypes());
