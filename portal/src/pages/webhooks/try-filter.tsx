import { keepPreviousData } from '@tanstack/react-query';
import { ApiError } from '../../api/api-error.js';
import { useQueries } from '../../api/session.js';
import { Field } from '../../ui/field.js';
import { Problem } from '../../ui/loaded.js';
import { CodeEditor } from './code-editor.js';
import { lineAndColumn, placeOfPath, placeOfSyntaxError, type Place } from './json-places.js';
import { readSample, SampleEvent, type Sample, type SetSample } from './sample-event.js';
import { useDebounced } from './use-debounced.js';
import { parseFilterText } from './webhook-form.js';

/** A filter, tried on an event while it is typed. */
export function TryFilter({
  filter,
  onChange,
  sample,
  setSample,
  error,
}: {
  filter: string;
  onChange: (filter: string) => void;
  sample: Sample;
  setSample: SetSample;
  /** From saving it. */
  error: string | undefined;
}) {
  const parsed = parse(filter);
  const read = readSample(sample);
  const call = JSON.stringify('filter' in parsed && 'body' in read ? { filter: parsed.filter, ...read.body } : null);
  const settled = useDebounced(call);
  const body = JSON.parse(settled) as Parameters<typeof readCall>[0];
  const query = useQueries().useQuery(
    'post',
    '/v1/filter/test',
    { body: readCall(body) },
    {
      enabled: body !== null && body.filter !== null,
      placeholderData: keepPreviousData,
      retry: false,
    },
  );
  const wrong = 'filter' in parsed ? wrongPart(filter, query.error) : parsed;
  const isStale = call !== settled || query.isFetching;
  return (
    <div className="try">
      <Field
        label="Filter"
        hint={
          <>
            JSON: a field of the event, and what it must be, such as{' '}
            <code>{'{"data.direction": "inbound", "data.duration_seconds": {"$gte": 60}}'}</code>
          </>
        }
        error={wrong?.message ?? error}
      >
        <CodeEditor rows={9} value={filter} onChange={onChange} mark={wrong?.place} placeholder="{}" />
      </Field>
      <SampleEvent sample={sample} onChange={setSample} error={payloadError(query.error)} />
      <div className="try-result" role="status" aria-busy={isStale} data-stale={isStale}>
        {wrong === null && 'body' in read && <Result filter={filter} query={query} />}
      </div>
    </div>
  );
}

function readCall(body: { filter: Record<string, unknown> | null; event_type: Sample['eventType'] } | null) {
  return body ?? { filter: null, event_type: 'webhook.test' as const };
}

function parse(text: string): { filter: Record<string, unknown> | null } | { message: string; place: Place | null } {
  try {
    return { filter: parseFilterText(text) };
  } catch (error) {
    const { message } = error as SyntaxError;
    return { message: `This is not JSON: ${message}`, place: placeOfSyntaxError(text, message) };
  }
}

/** The first part of the filter that the service refused, and where it is. */
function wrongPart(text: string, error: unknown): { message: string; place: Place | null } | null {
  const field = error instanceof ApiError ? error.fields.find(({ path }) => /^filter(\.|$)/.test(path)) : undefined;
  if (!field) return null;
  const path = field.path.slice('filter.'.length);
  const place = path === '' ? null : placeOfPath(text, path);
  const where = place ? ` (${lineAndColumn(text, place.start)})` : '';
  return { message: `${path} ${field.message}${where}`.trim(), place };
}

export function payloadError(error: unknown): string | undefined {
  return error instanceof ApiError ? error.fields.find(({ path }) => path === 'payload')?.message : undefined;
}

interface Answer {
  matches: boolean;
  failed: { path: string; condition?: unknown; value?: unknown }[];
}

function Result({ filter, query }: { filter: string; query: { data: Answer | undefined; error: unknown } }) {
  if (filter.trim() === '') return <p className="note">No filter: every event of the chosen types is delivered.</p>;
  if (query.error) return <Problem error={query.error} />;
  if (!query.data) return null;
  if (query.data.matches) return <p className="note good">This event matches: it would be delivered.</p>;
  return (
    <div className="note warn">
      <p>This event does not match: nothing would be sent. What does not hold:</p>
      <ul className="failed-conditions">
        {query.data.failed.map(({ path, condition, value }, index) => (
          <li key={index}>
            <code>{path}</code> must be <code>{JSON.stringify(condition)}</code>, and is{' '}
            <code>{value === undefined || value === null ? 'missing or null' : JSON.stringify(value)}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}
