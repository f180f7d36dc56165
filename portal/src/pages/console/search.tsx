import { useCallback, useEffect, useRef } from 'react';
import { useQueries } from '../../api/session.js';
import { counted } from '../../text/numbers.js';
import type { components } from '../../../../src/client/api-types.js';
import { EmptyState } from '../../ui/empty-state.js';
import { Link } from '../../ui/link.js';
import { Loaded } from '../../ui/loaded.js';
import { Card, Page } from '../../ui/page.js';
import { SearchInput } from '../../ui/search-input.js';
import { Time } from '../../ui/time.js';
import { useUrlFilters } from '../../ui/url-filters.js';
import { grouped, maxResults, pageOf, placeOf } from './search-results.js';
import './console.css';

type Result = components['schemas']['SearchResult'];

/** One field for whatever an operator was told: an id, a url, a name. */
export function Search() {
  const [parameters, change] = useUrlFilters();
  const q = parameters.get('q') ?? '';
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const search = useCallback((text: string) => change({ q: text || null }), [change]);
  const query = useQueries().useQuery(
    'get',
    '/v1/platform/search',
    { params: { query: { q } } },
    { enabled: q !== '' },
  );
  return (
    <Page title="Search" lead="Across all tenants.">
      <SearchInput
        ref={input}
        label="What do you look for?"
        hint="The whole id of an event (yours or ours), delivery, webhook or tenant; or the beginning of a url, a host or a tenant’s name."
        placeholder="call-4711, https://hooks.example.com, Acme …"
        value={q}
        onChange={search}
      />
      {q !== '' && <Loaded query={query}>{({ results }) => <Results q={q} results={results} />}</Loaded>}
    </Page>
  );
}

function Results({ q, results }: { q: string; results: Result[] }) {
  return (
    <>
      <p className="visually-hidden" role="status">
        {counted(results.length, 'result')}
      </p>
      {results.length === 0 && (
        <EmptyState title={`Nothing has the id “${q}”, and no url or tenant begins with it`}>
          <p>
            Ids are found only when they are complete. What is older than its tenant’s retention is gone, as are the
            urls of deleted webhooks.
          </p>
        </EmptyState>
      )}
      {grouped(results).map(({ type, title, results }) => (
        <Card
          key={type}
          title={title}
          actions={
            results.length >= maxResults && <span className="quiet">The first {maxResults}; write more of it</span>
          }
        >
          <ul className="results">
            {results.map((result) => (
              <li key={result.id}>
                <Link to={pageOf(result)}>{result.title}</Link>
                <div className="console-id">
                  {placeOf(result)} · <Time value={result.created_at} />
                </div>
              </li>
            ))}
          </ul>
        </Card>
      ))}
    </>
  );
}
