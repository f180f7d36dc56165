import { useState, type FormEvent } from 'react';
import { fieldError } from '../../api/api-error.js';
import { useQueries, useScope } from '../../api/session.js';
import { tenantScopes, type TenantScope } from '../../text/scopes.js';
import { Button } from '../../ui/button.js';
import { Field } from '../../ui/field.js';
import { Problem } from '../../ui/loaded.js';
import { Card } from '../../ui/page.js';
import { ScopeFields } from '../../ui/scope-fields.js';
import { ShownOnce } from '../../ui/shown-once.js';
import { Time } from '../../ui/time.js';

const linkTimes = [
  { seconds: 600, title: '10 minutes' },
  { seconds: 3_600, title: '1 hour' },
  { seconds: 86_400, title: '1 day' },
];
const sessionTimes = [
  { seconds: 3_600, title: '1 hour' },
  { seconds: 28_800, title: '8 hours' },
  { seconds: 86_400, title: '1 day' },
  { seconds: 604_800, title: '7 days' },
];

/** The form that makes a link, and the link. */
export function NewLink() {
  const { tenantId } = useScope();
  const create = useQueries().useMutation('post', '/v1/tenants/{tenant_id}/portal-links');
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<TenantScope[]>(['webhooks:read', 'webhooks:write', 'api_keys:write']);
  const [linkSeconds, setLinkSeconds] = useState(600);
  const [sessionSeconds, setSessionSeconds] = useState(28_800);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (create.isPending) return;
    create.mutate({
      params: { path: { tenant_id: tenantId! } },
      body: {
        scopes,
        expires_in_seconds: linkSeconds,
        session_seconds: sessionSeconds,
        ...(name.trim() && { name: name.trim() }),
      },
    });
  };
  const { data, error } = create;
  const errors = { name: fieldError(error, 'name'), scopes: fieldError(error, 'scopes') };
  return (
    <>
      {data && (
        <ShownOnce
          key={data.portal_link.url}
          title="Copy the link now"
          value={data.portal_link.url}
          of="the link"
          onDone={() => create.reset()}
        >
          <p>
            It works once, in the browser that opens it first, until <Time value={data.portal_link.expires_at} />. Give
            it to nobody else: whoever opens it is in.
          </p>
        </ShownOnce>
      )}
      <Card title="Make a link">
        <form className="stack" onSubmit={submit}>
          <div className="columns">
            <Field label="Who it is for" hint="The activity log shows this name." error={errors.name}>
              <input
                value={name}
                maxLength={200}
                placeholder="jane@example.com"
                onChange={(event) => setName(event.target.value)}
              />
            </Field>
            <Field label="The link can be opened for" error={fieldError(error, 'expires_in_seconds')}>
              <select value={linkSeconds} onChange={(event) => setLinkSeconds(Number(event.target.value))}>
                {options(linkTimes)}
              </select>
            </Field>
            <Field label="The session lasts" error={fieldError(error, 'session_seconds')}>
              <select value={sessionSeconds} onChange={(event) => setSessionSeconds(Number(event.target.value))}>
                {options(sessionTimes)}
              </select>
            </Field>
          </div>
          <ScopeFields
            legend="What they may do"
            offered={tenantScopes}
            given={scopes}
            error={errors.scopes}
            onChange={setScopes}
          />
          {error !== null && !Object.values(errors).some(Boolean) && <Problem error={error} />}
          <div>
            <Button kind="primary" type="submit" isBusy={create.isPending}>
              Make link
            </Button>
          </div>
        </form>
      </Card>
    </>
  );
}

const options = (times: typeof linkTimes) =>
  times.map(({ seconds, title }) => (
    <option key={seconds} value={seconds}>
      {title}
    </option>
  ));
