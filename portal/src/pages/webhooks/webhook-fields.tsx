import type { ReactNode } from 'react';
import { fieldError } from '../../api/api-error.js';
import { useEventTypes } from '../../ui/event-type-options.js';
import { Card } from '../../ui/page.js';
import { Checkbox, Field } from '../../ui/field.js';
import { EventTypePicker } from './event-type-picker.js';
import { ExpiryFields, HeaderFields } from './row-fields.js';
import { FormSection } from './form-section.js';
import { summariesOf } from './form-summaries.js';
import { LimitFields, RetryFields } from './number-fields.js';
import { useSample } from './sample-event.js';
import { TryFilter } from './try-filter.js';
import { TryTransform } from './try-transform.js';
import type { Change, WebhookForm } from './webhook-form.js';

export interface FieldsProps {
  form: WebhookForm;
  onChange: Change;
  /** Why it could not be saved. */
  error: unknown;
}

interface WebhookFieldsProps extends FieldsProps {
  /** The title of the service that its template is for. */
  service?: string | null;
  /** One more section. */
  extra?: ReactNode;
}

/** All settings of a webhook; those that most people leave alone are closed. */
export function WebhookFields({ form, onChange, error, service = null, extra }: WebhookFieldsProps) {
  const of = (path: string) => fieldError(error, path);
  return (
    <>
      <Card title="Where and what">
        <Field
          label="URL"
          hint={
            service === null
              ? 'Gets a POST for each event. It must be reachable from the internet, by https.'
              : `The URL that you have copied from ${service}.`
          }
          error={of('url')}
        >
          <input
            type="url"
            inputMode="url"
            autoComplete="off"
            spellCheck={false}
            placeholder={service === null ? 'https://example.com/webhooks' : undefined}
            value={form.url}
            onChange={(event) => onChange({ url: event.target.value })}
          />
        </Field>
        <Field
          label="Description"
          hint="For people, such as the name of the system behind it."
          error={of('description')}
        >
          <input value={form.description} onChange={(event) => onChange({ description: event.target.value })} />
        </Field>
        <EventTypePicker events={form.events} onChange={(events) => onChange({ events })} error={of('events')} />
      </Card>
      <OptionalFields form={form} onChange={onChange} error={error} extra={extra} />
    </>
  );
}

function OptionalFields({ form, onChange, error, extra }: WebhookFieldsProps) {
  const says = summariesOf(form);
  const [sample, setSample] = useSample(form.events);
  const { data } = useEventTypes();
  const isWrong = (...paths: string[]) => paths.some((path) => fieldError(error, path) !== undefined);
  const of = (path: string) => fieldError(error, path);
  const props = { form, onChange, error };
  return (
    <Card title="More settings">
      <div className="form-sections">
        <FormSection
          title="Limits"
          summary={says.limits}
          about="How many requests your receiver gets at most, and how long it may take for each; what is over the limit waits, nothing is dropped."
          isWrong={isWrong('rate_limit_per_minute', 'rate_limit_per_hour', 'timeout_ms', 'disable_after_hours')}
        >
          <LimitFields {...props} />
        </FormSection>
        <FormSection
          title="Retries"
          summary={says.retries}
          about="When a delivery is sent again after the receiver did not answer 2xx, until it counts as failed."
          isWrong={isWrong('retry_schedule', 'max_retries')}
        >
          <RetryFields {...props} />
        </FormSection>
        <FormSection
          title="Fallback URL"
          summary={says.fallback}
          about="Another server that gets three more attempts of a delivery when all attempts at the URL have failed."
          isWrong={isWrong('fallback_url')}
        >
          <Field
            label="Fallback URL"
            hint="Gets the same body with the same signature. Empty: none."
            error={of('fallback_url')}
          >
            <input
              type="url"
              autoComplete="off"
              spellCheck={false}
              value={form.fallbackUrl}
              onChange={(event) => onChange({ fallbackUrl: event.target.value })}
            />
          </Field>
        </FormSection>
        <FormSection
          title="Order"
          summary={says.order}
          about="Deliveries are sent side by side, so a retried event may arrive after a later one. Order can be kept at the price of waiting."
          isWrong={isWrong('ordering')}
        >
          <Checkbox
            label="Send the events of a call, a message or a number one after the other"
            hint="The next one waits until the one before it has been delivered or has failed. Other calls do not wait. Counts for events accepted from now on."
            checked={form.isOrdered}
            onChange={(isOrdered) => onChange({ isOrdered })}
          />
        </FormSection>
        <FormSection
          title="Expiry"
          summary={says.expiry}
          about="How long an event is of use: what has not been delivered by then expires instead of arriving late."
          isWrong={isWrong('ttl_seconds')}
        >
          <ExpiryFields {...props} types={data?.event_types.map(({ name }) => name) ?? []} />
        </FormSection>
        <FormSection
          title="Filter"
          summary={says.filter}
          about="Only events whose content matches are delivered; for others nothing is sent, counted or listed."
          isWrong={isWrong('filter')}
        >
          <TryFilter
            filter={form.filter}
            onChange={(filter) => onChange({ filter })}
            sample={sample}
            setSample={setSample}
            error={of('filter')}
          />
        </FormSection>
        <FormSection
          title="Transform"
          summary={says.transform}
          about="Makes a body of another form from the event, for receivers such as chats and alerting services. Not together with batches."
          isWrong={isWrong('transform')}
        >
          <TryTransform
            transform={form.transform}
            onChange={(transform) => onChange({ transform })}
            sample={sample}
            setSample={setSample}
            error={of('transform')}
          />
        </FormSection>
        <FormSection
          title="Batch"
          summary={says.batch}
          about="Several events in one request, for a receiver that gets many of them. Not together with a transform."
          isWrong={isWrong('batch')}
        >
          <BatchFields {...props} />
        </FormSection>
        <FormSection
          title="Headers"
          summary={says.headers}
          about="Headers of your own that go with every request, such as a key that your gateway asks for. They are kept encrypted."
          isWrong={isWrong('headers')}
        >
          <HeaderFields {...props} />
        </FormSection>
        {extra}
      </div>
    </Card>
  );
}

function BatchFields({ form, onChange, error }: FieldsProps) {
  const whole =
    (fieldError(error, 'batch.max_events') ?? fieldError(error, 'batch.max_wait_seconds'))
      ? undefined
      : fieldError(error, 'batch');
  return (
    <>
      <Checkbox
        label="Send events in batches"
        hint={
          <>
            The body is then <code>{'{"batch_id": …, "events": […]}'}</code>. A batch counts once against the limits.
          </>
        }
        checked={form.isBatched}
        onChange={(isBatched) => onChange({ isBatched })}
      />
      {whole && (
        <p className="field-error" role="alert">
          {whole}
        </p>
      )}
      {form.isBatched && (
        <div className="columns">
          <Field label="Events in a batch, at most" hint="2 to 500" error={fieldError(error, 'batch.max_events')}>
            <input
              type="number"
              value={form.batchMaxEvents}
              onChange={(event) => onChange({ batchMaxEvents: event.target.value })}
            />
          </Field>
          <Field
            label="Seconds that an event waits, at most"
            hint="1 to 300"
            error={fieldError(error, 'batch.max_wait_seconds')}
          >
            <input
              type="number"
              value={form.batchMaxWaitSeconds}
              onChange={(event) => onChange({ batchMaxWaitSeconds: event.target.value })}
            />
          </Field>
        </div>
      )}
    </>
  );
}
