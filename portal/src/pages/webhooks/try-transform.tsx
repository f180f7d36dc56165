import { keepPreviousData } from '@tanstack/react-query';
import { ApiError } from '../../api/api-error.js';
import { useQueries } from '../../api/session.js';
import { CodeBlock } from '../../ui/code-block.js';
import { Field } from '../../ui/field.js';
import { Problem } from '../../ui/loaded.js';
import { CodeEditor } from './code-editor.js';
import { lineAndColumn, placeAt, type Place } from './json-places.js';
import { readSample, SampleEvent, type Sample, type SetSample } from './sample-event.js';
import { payloadError } from './try-filter.js';
import { useDebounced } from './use-debounced.js';

/** A transform, tried on an event while it is typed. */
export function TryTransform({
  transform,
  onChange,
  sample,
  setSample,
  error,
}: {
  transform: string;
  onChange: (transform: string) => void;
  sample: Sample;
  setSample: SetSample;
  /** From saving it. */
  error: string | undefined;
}) {
  const read = readSample(sample);
  const isEmpty = transform.trim() === '';
  const call = JSON.stringify('body' in read ? { transform: isEmpty ? null : transform, ...read.body } : null);
  const settled = useDebounced(call);
  const body = JSON.parse(settled) as { transform: string | null; event_type: Sample['eventType'] } | null;
  const query = useQueries().useQuery(
    'post',
    '/v1/transform/test',
    { body: body ?? { transform: null, event_type: 'webhook.test' } },
    { enabled: body !== null, placeholderData: keepPreviousData, retry: false },
  );
  const isStale = call !== settled || query.isFetching;
  const wrong = isStale ? null : wrongPart(transform, query.error);
  return (
    <div className="try">
      <Field
        label="Transform"
        hint={
          <>
            <a href="https://docs.jsonata.org/" target="_blank" rel="noreferrer">
              JSONata
            </a>{' '}
            over <code>event</code>, <code>event_id</code>, <code>timestamp</code> and <code>data</code>, such as{' '}
            <code>{'{"text": "Call from " & data.from}'}</code>
          </>
        }
        error={wrong?.message ?? error}
      >
        <CodeEditor rows={9} value={transform} onChange={onChange} mark={wrong?.place} />
      </Field>
      <SampleEvent sample={sample} onChange={setSample} error={payloadError(query.error)} />
      <div className="try-result" role="status" aria-busy={isStale} data-stale={isStale}>
        {query.error && !wrong ? (
          <Problem error={query.error} retry={() => void query.refetch()} isBusy={query.isFetching} />
        ) : (
          query.data &&
          !query.error && (
            <>
              <p>{isEmpty ? 'Without a transform the body is the event:' : 'The body that would be sent:'}</p>
              <CodeBlock name="Body" text={query.data.body} />
            </>
          )
        )}
      </div>
    </div>
  );
}

/** What JSONata said, and where it noticed it. */
function wrongPart(text: string, error: unknown): { message: string; place: Place | null } | null {
  const field = error instanceof ApiError ? error.fields.find(({ path }) => path === 'transform') : undefined;
  if (!field) return null;
  const position = / at position (\d+)$/.exec(field.message)?.[1];
  if (position === undefined) return { message: field.message, place: null };
  // The number of characters up to there: the last of them is what it stopped at.
  const place = placeAt(text, Number(position) - 1);
  return { message: field.message.replace(/position \d+$/, lineAndColumn(text, place.start)), place };
}
