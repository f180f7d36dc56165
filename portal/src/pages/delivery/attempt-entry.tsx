import { ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { errorWords } from '../../text/deliveries.js';
import { statusName } from '../../text/http-statuses.js';
import { duration } from '../../text/times.js';
import { Badge } from '../../ui/badge.js';
import { CodeBlock } from '../../ui/code-block.js';
import { Time } from '../../ui/time.js';
import type { TimelineEntry } from './timeline.js';

interface AttemptEntryProps {
  entry: TimelineEntry;
  /** Where the webhook's requests go now; null: not known. */
  url: string | null;
  startsOpen?: boolean;
}

/** One request on the time line; it opens to what was sent and what came back. */
export function AttemptEntry({ entry, url, startsOpen = false }: AttemptEntryProps) {
  const { attempt, offsetMs, gapMs, length } = entry;
  const { number, target, error, status_code: code } = attempt;
  const [isOpen, setIsOpen] = useState(startsOpen);
  return (
    <>
      {gapMs >= 500 && <li className="timeline-gap quiet">waited {duration(gapMs)}</li>}
      <li className={`timeline-attempt ${error ? 'bad' : 'good'}`}>
        <details open={isOpen} onToggle={(event) => setIsOpen(event.currentTarget.open)}>
          <summary>
            <ChevronRight aria-hidden="true" />
            <span className="attempt-head">
              <strong>Attempt {number}</strong>
              <Badge tone={error ? 'bad' : 'good'}>{error ? errorWords(error, code) : statusName(code ?? 200)}</Badge>
              {target === 'fallback' && <Badge tone="info">Fallback url</Badge>}
              <span className="attempt-times">
                <span title="After the event was accepted">+{duration(offsetMs)}</span>
                <span className="attempt-bar" title="How long it took, compared with the longest">
                  <span style={{ width: `${Math.max(3, length * 100)}%` }} />
                </span>
                <span title="How long the request took">{duration(attempt.duration_ms)}</span>
              </span>
            </span>
          </summary>
          {isOpen && (
            <div className="stack attempt-body">
              <p>
                <Time value={attempt.started_at} as="full" />
                {url && (
                  <>
                    , to <span className="mono">{url}</span> <span className="quiet">(as the webhook has it now)</span>
                  </>
                )}
              </p>
              {error && <p className="note bad">{error.message}</p>}
              <Answer attempt={attempt} />
            </div>
          )}
        </details>
      </li>
    </>
  );
}

function Answer({ attempt }: { attempt: TimelineEntry['attempt'] }) {
  const { number, request_headers: sent, response_headers: came, response_body: body } = attempt;
  if (attempt.bodies_hidden && sent === null) return <p className="quiet">Headers and answer are hidden.</p>;
  return (
    <>
      {body === null ? (
        <p className="quiet">There is no answer{attempt.error ? '' : ' kept any more'}.</p>
      ) : body === '' ? (
        <p className="quiet">The answer has no body.</p>
      ) : (
        <div>
          <h3>Answer</h3>
          <CodeBlock text={body} name={`Answer of attempt ${number}`} />
          {attempt.response_truncated && (
            <p className="hint">Cut off: the receiver sent more. At most 64 KB are kept.</p>
          )}
        </div>
      )}
      {came && <Headers title="Headers of the answer" headers={came} number={number} />}
      {sent && <Headers title="Headers sent" headers={sent} number={number} />}
    </>
  );
}

function Headers({ title, headers, number }: { title: string; headers: Record<string, string>; number: number }) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return (
    <div>
      <h3>{title}</h3>
      <CodeBlock text={lines.join('\n')} name={`${title}, attempt ${number}`} isJson={false} />
    </div>
  );
}
