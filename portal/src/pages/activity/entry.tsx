import { ArrowRight } from 'lucide-react';
import { Link } from '../../ui/link.js';
import { Time } from '../../ui/time.js';
import type { Entry } from './actions.js';
import { changesOf, type ShownChange } from './changes.js';
import type { ShownValue } from './fields.js';
import { sentenceOf } from './sentence.js';

/** So many changed fields are shown at once; more of them unfold. */
const maxShown = 3;

export function ActivityEntry({ entry }: { entry: Entry }) {
  const { who, by, did, thing, to, rest } = sentenceOf(entry);
  const changes = changesOf(entry);
  return (
    <li>
      <span className="activity-time">
        <Time value={entry.at} as="clock" />
      </span>
      <div className="activity-what">
        <p>
          <strong>{who}</strong> {did} {thing && (to === null ? thing : <Link to={to}>{thing}</Link>)}
          {rest && ` ${rest}`}
          {by && <span className="activity-by">{by}</span>}
        </p>
        {changes.length > maxShown ? (
          <details>
            <summary>{changes.length} values</summary>
            <Changes changes={changes} />
          </details>
        ) : (
          changes.length > 0 && <Changes changes={changes} />
        )}
      </div>
    </li>
  );
}

function Changes({ changes }: { changes: ShownChange[] }) {
  return (
    <dl className="changes">
      {changes.map((change) => (
        <div key={change.field}>
          <dt>{change.name}</dt>
          <dd>
            <Change change={change} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Change({ change }: { change: ShownChange }) {
  switch (change.kind) {
    case 'value':
      return <Value value={change.value} />;
    case 'hidden':
      return <span className="quiet">changed; the values are not logged</span>;
    case 'change':
      return (
        <>
          <del>
            <Value value={change.old} />
          </del>
          <ArrowRight role="img" aria-label="became" />
          <ins>
            <Value value={change.new} />
          </ins>
        </>
      );
    case 'list':
      return (
        <>
          {change.added.length > 0 && <ins>added {change.added.join(', ')}</ins>}
          {change.removed.length > 0 && <del>removed {change.removed.join(', ')}</del>}
        </>
      );
  }
}

function Value({ value: { kind, text } }: { value: ShownValue }) {
  switch (kind) {
    case 'time':
      return <Time value={text} />;
    case 'json':
      return <code>{text}</code>;
    case 'quiet':
      return <span className="quiet">{text}</span>;
    case 'text':
      return text;
  }
}
