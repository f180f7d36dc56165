import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiError } from '../api/api-error.js';
import { Button } from './button.js';

interface LoadedProps<Data> {
  query: Pick<UseQueryResult<Data, unknown>, 'data' | 'error' | 'failureReason' | 'refetch' | 'isFetching'>;
  /** Lines of the placeholder while it loads. */
  lines?: number;
  children: (data: Data) => ReactNode;
}

/**
 * What was read, a placeholder until it is there, or why it could not be read. Old data stays while new is asked for. A
 * page that has nothing yet says at once what is wrong, one that has something after the last repetition.
 */
export function Loaded<Data>({ query, lines = 4, children }: LoadedProps<Data>) {
  const { data } = query;
  const error = query.error ?? (data === undefined ? query.failureReason : null);
  return (
    <>
      {error !== null && <Problem error={error} retry={() => void query.refetch()} isBusy={query.isFetching} />}
      {data !== undefined ? children(data) : error === null && <Skeleton lines={lines} />}
    </>
  );
}

export function Skeleton({ lines }: { lines: number }) {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} />
      ))}
    </div>
  );
}

/** Why something failed, in the service's own words. */
export function Problem({ error, retry, isBusy }: { error: unknown; retry?: () => void; isBusy?: boolean }) {
  const isCalls = error instanceof ApiError;
  return (
    <div className="problem" role="alert">
      <div>
        <p>{error instanceof Error ? error.message : String(error)}</p>
        {isCalls && error.fields.length > 0 && (
          <ul>
            {error.fields.map(({ path, message }) => (
              <li key={`${path} ${message}`}>
                {path && <code>{path}</code>} {message}
              </li>
            ))}
          </ul>
        )}
        {isCalls && error.requestId && error.status !== null && error.status >= 500 && (
          <p className="quiet">Request {error.requestId}</p>
        )}
      </div>
      {retry && (
        <Button onClick={retry} isBusy={isBusy ?? false}>
          Try again
        </Button>
      )}
    </div>
  );
}
