import type { Client } from 'openapi-fetch';
import type { paths } from './api-types.js';
import { unwrap } from './unwrap.js';

/** Calls whose answer is a page of a list. */
export type ListPath = {
  [Path in keyof paths]: paths[Path] extends { get: { responses: { 200: { content: { 'application/json': Page } } } } }
    ? Path
    : never;
}[keyof paths];

interface Page {
  next_cursor: string | null;
}

type PageOf<Path extends ListPath> = paths[Path]['get']['responses'][200]['content']['application/json'];

/** A row of the list at this path. */
export type Row<Path extends ListPath> = {
  [Name in keyof PageOf<Path>]: PageOf<Path>[Name] extends readonly (infer Each)[] ? Each : never;
}[keyof PageOf<Path>];

type ParametersOf<Path extends ListPath> = Pick<paths[Path]['get']['parameters'], 'path' | 'query'>;

/** The second argument of `list`: needed if the path has parameters. `limit` is the size of a page. */
export type ListInit<Path extends ListPath> =
  ParametersOf<Path> extends { path: object }
    ? [init: { params: ParametersOf<Path>; signal?: AbortSignal }]
    : [init?: { params?: ParametersOf<Path>; signal?: AbortSignal }];

/** The rows of a list, page by page: the next page is asked for when it is needed. Throws ApiError. */
export async function* list<Path extends ListPath>(
  { GET }: Pick<Client<paths>, 'GET'>,
  path: Path,
  ...[init]: ListInit<Path>
): AsyncGenerator<Row<Path>, void, undefined> {
  const get = GET as unknown as (
    path: string,
    init: object,
  ) => Promise<{ data?: Page; error?: unknown; response: Response }>;
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const params: { query?: object } = init?.params ?? {};
    const query = { ...params.query, ...(cursor !== undefined && { cursor }) };
    const page: Page = unwrap(await get(path, { ...init, params: { ...params, query } }));
    yield* Object.values(page).find(Array.isArray) as Row<Path>[];
    cursor = page.next_cursor;
  }
}
