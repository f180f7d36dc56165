import { useState } from 'react';
import { useSearchParams } from 'react-router';
import type { EventType } from '../../../../src/client/api-types.js';
import { EmptyState } from '../../ui/empty-state.js';
import { useEventTypes } from '../../ui/event-type-options.js';
import { Field } from '../../ui/field.js';
import { Link } from '../../ui/link.js';
import { Loaded } from '../../ui/loaded.js';
import { Page } from '../../ui/page.js';
import { EventTypeDetail } from './event-type-detail.js';
import './event-types.css';

/** What can be subscribed to. The type that is shown is in the url: `?type=call.completed`. */
export function EventTypes() {
  const query = useEventTypes();
  return (
    <Page
      title="Event types"
      lead="What a webhook can subscribe to. Each delivery’s body has the event’s type, its id, its time and, as data, the fields below."
    >
      <Loaded query={query} lines={8}>
        {({ event_types: types }) => <Catalogue types={types} />}
      </Loaded>
    </Page>
  );
}

function Catalogue({ types }: { types: readonly EventType[] }) {
  const [parameters] = useSearchParams();
  const asked = parameters.get('type');
  const chosen = types.find(({ name }) => name === asked);
  return (
    <div className="event-types" data-chosen={asked !== null}>
      <TypeList types={types} shown={(chosen ?? types[0])?.name} />
      <div className="event-type">
        <Link to="event-types" className="narrow-only">
          All event types
        </Link>
        {asked !== null && !chosen ? (
          <EmptyState title={`There is no event type ${asked}.`}>
            Choose one from the list; the link may be mistyped.
          </EmptyState>
        ) : (
          <EventTypeDetail key={asked} type={chosen ?? types[0]!} />
        )}
      </div>
    </div>
  );
}

function TypeList({ types, shown }: { types: readonly EventType[]; shown: string | undefined }) {
  const [text, setText] = useState('');
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = types.filter(({ name, description }) =>
    words.every((word) => `${name} ${description}`.toLowerCase().includes(word)),
  );
  return (
    <div className="type-list">
      <Field label={<span className="visually-hidden">Search event types</span>}>
        <input
          type="search"
          placeholder="Search"
          autoComplete="off"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </Field>
      <nav aria-label="Event types">
        <ul>
          {found.map(({ name, description }) => (
            <li key={name}>
              <Link to={`event-types?type=${name}`} aria-current={name === shown ? 'true' : undefined}>
                <code>{name}</code>
                <span className="narrow-only quiet">{description}</span>
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <p className="quiet" role="status">
        {found.length === 0 && `No event type has “${text.trim()}” in its name or description.`}
      </p>
    </div>
  );
}
