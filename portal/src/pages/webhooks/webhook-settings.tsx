import { useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useParams } from 'react-router';
import type { Webhook } from '../../../../src/client/api-types.js';
import { useMay, useQueries } from '../../api/session.js';
import { Button } from '../../ui/button.js';
import { Link } from '../../ui/link.js';
import { Loaded, Problem } from '../../ui/loaded.js';
import { Page } from '../../ui/page.js';
import { useToast } from '../../ui/toast.js';
import { fieldName } from '../activity/fields.js';
import { GoneWebhook, isGone } from './gone-webhook.js';
import { LeaveGuard } from './leave-guard.js';
import { useWebhookForm } from './use-webhook-form.js';
import { changedInBoth, changeOf, formOfWebhook } from './webhook-form.js';
import { WebhookFields } from './webhook-fields.js';
import './webhooks.css';

/** Changes the settings of a webhook. */
export function WebhookSettings() {
  const id = Number(useParams()['webhookId']);
  const query = useQueries().useQuery('get', '/v1/webhooks/{webhook_id}', { params: { path: { webhook_id: id } } });
  if (isGone(query.error)) return <GoneWebhook id={id} />;
  const name = query.data?.webhook.description ?? `Webhook ${id}`;
  return (
    <Page
      title="Settings"
      lead={query.data?.webhook.url}
      trail={
        <>
          <Link to="webhooks">Webhooks</Link>
          <Link to={`webhooks/${id}`}>{name}</Link>
        </>
      }
    >
      <Loaded query={query} lines={10}>
        {({ webhook }) => <SettingsForm key={webhook.id} current={webhook} />}
      </Loaded>
    </Page>
  );
}

function SettingsForm({ current }: { current: Webhook }) {
  const mayWrite = useMay('webhooks:write');
  // What the form began with: only what differs from it is sent.
  const [start, setStart] = useState(current);
  const { form, error, element, change, reset, save } = useWebhookForm(() => formOfWebhook(current));
  const queryClient = useQueryClient();
  const toast = useToast();
  const queries = useQueries();
  const { mutateAsync, isPending } = queries.useMutation('patch', '/v1/webhooks/{webhook_id}');
  const isDirty = JSON.stringify(form) !== JSON.stringify(formOfWebhook(start));
  const isOld = current.updated_at > start.updated_at;
  const takenBack = (by: Webhook) => changedInBoth(formOfWebhook(start), form, formOfWebhook(by));

  const begin = (webhook: Webhook) => {
    setStart(webhook);
    reset(formOfWebhook(webhook));
  };
  if (isOld && !isDirty && !isPending) begin(current);

  const saveChange = async () => {
    const body = changeOf(formOfWebhook(start), form);
    const params = { path: { webhook_id: start.id } };
    if (body) {
      // Another tab or person may have changed the same: the form says so, and the next press saves.
      const read = queries.queryOptions('get', '/v1/webhooks/{webhook_id}', { params });
      const { webhook: latest } = await queryClient.fetchQuery({ ...read, staleTime: 0 });
      const replaced = takenBack(latest);
      if (latest.updated_at > current.updated_at && replaced.length > 0)
        throw new Error(
          `Not saved yet. Changed elsewhere meanwhile, too: ${replaced.map(fieldName).join(', ')}. Save again to replace what was set there.`,
        );
      const { webhook } = await mutateAsync({ params, body });
      begin(webhook);
      await queryClient.invalidateQueries({ queryKey: ['get', '/v1/webhooks/{webhook_id}'] });
      void queryClient.invalidateQueries({ queryKey: ['get', '/v1/webhooks'] });
    } else begin(start);
    toast.done(body ? 'Settings saved. They count from now on.' : 'Nothing has changed.');
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isPending) void save(saveChange);
  };

  return (
    <form ref={element} className="stack" noValidate onSubmit={submit}>
      {isOld && isDirty && (
        <div className="note warn">
          <p>This webhook was changed elsewhere meanwhile. Saving sends only what you have changed here.</p>
          {takenBack(current).length > 0 && (
            <p>
              Changed in both places: <strong>{takenBack(current).map(fieldName).join(', ')}</strong>. Saving replaces
              what was set there.
            </p>
          )}
          <div>
            <Button onClick={() => begin(current)}>Drop my changes and show the new settings</Button>
          </div>
        </div>
      )}
      {!mayWrite && <p className="note">This session may only look at the settings.</p>}
      <fieldset disabled={!mayWrite} className="stack">
        <legend className="visually-hidden">Settings</legend>
        <WebhookFields form={form} onChange={change} error={error} />
      </fieldset>
      {error !== null && <Problem error={error} />}
      {mayWrite && (
        <div className="save-bar" data-dirty={isDirty}>
          <span role="status">{isDirty ? 'Not saved yet' : ''}</span>
          <div className="row">
            {isDirty && <Button onClick={() => begin(current)}>Discard</Button>}
            <Button kind="primary" type="submit" isBusy={isPending} disabled={!isDirty}>
              Save
            </Button>
          </div>
        </div>
      )}
      <LeaveGuard isDirty={isDirty} />
    </form>
  );
}
