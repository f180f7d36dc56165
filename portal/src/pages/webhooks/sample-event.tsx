import { useState } from 'react';
import type { EventType } from '../../../../src/client/api-types.js';
import { EventTypeOptions, useEventTypes } from '../../ui/event-type-options.js';
import { Field } from '../../ui/field.js';
import { CodeEditor } from './code-editor.js';
import { placeOfSyntaxError, type Place } from './json-places.js';

export type EventTypeName = EventType['name'];

/** The event that filters and transforms are tried on. */
export interface Sample {
  eventType: EventTypeName;
  /** Null: the example of the type. */
  payload: string | null;
}

export type SetSample = (sample: Sample) => void;

/** The first type that the webhook gets, until another one is chosen. */
export function useSample(events: readonly string[]): [Sample, SetSample] {
  const [chosen, setChosen] = useState<Sample | null>(null);
  const first = events[0];
  const eventType = (first === undefined || first === '*' ? 'call.completed' : first) as EventTypeName;
  return [chosen ?? { eventType, payload: null }, setChosen];
}

/** What the API is told of it, or why the payload is no JSON. */
export function readSample({
  eventType,
  payload,
}: Sample):
  | { body: { event_type: EventTypeName; payload?: Record<string, unknown> } }
  | { problem: { message: string; place: Place | null } } {
  if (payload === null) return { body: { event_type: eventType } };
  try {
    return { body: { event_type: eventType, payload: JSON.parse(payload) as Record<string, unknown> } };
  } catch (error) {
    const { message } = error as SyntaxError;
    return { problem: { message: `This is not JSON: ${message}`, place: placeOfSyntaxError(payload, message) } };
  }
}

/** Chooses the event type, and edits its payload. */
export function SampleEvent({
  sample,
  onChange,
  error,
}: {
  sample: Sample;
  onChange: SetSample;
  error?: string | undefined;
}) {
  const example = useEventTypes().data?.event_types.find(({ name }) => name === sample.eventType)?.example;
  const read = readSample(sample);
  const problem = 'problem' in read ? read.problem : undefined;
  return (
    <div className="stack">
      <Field label="Try it with">
        <select
          value={sample.eventType}
          onChange={(event) => onChange({ eventType: event.target.value as EventTypeName, payload: null })}
        >
          <EventTypeOptions chosen={sample.eventType} />
        </select>
      </Field>
      <Field
        label={<code>data</code>}
        hint={
          sample.payload === null ? (
            'The example of this type. Change it to try another event.'
          ) : (
            <button type="button" className="link-button" onClick={() => onChange({ ...sample, payload: null })}>
              Back to the example
            </button>
          )
        }
        error={problem?.message ?? error}
      >
        <CodeEditor
          rows={9}
          value={sample.payload ?? (example ? JSON.stringify(example, null, 2) : '')}
          onChange={(payload) => onChange({ ...sample, payload })}
          mark={problem?.place}
        />
      </Field>
    </div>
  );
}
