import { useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useSearchParams } from 'react-router';
import type { Webhook, WebhookTemplate } from '../../../../src/client/api-types.js';
import { useMay, useQueries } from '../../api/session.js';
import { Button } from '../../ui/button.js';
import { EmptyState } from '../../ui/empty-state.js';
import { Checkbox } from '../../ui/field.js';
import { Link } from '../../ui/link.js';
import { Loaded, Problem } from '../../ui/loaded.js';
import { Card, Page } from '../../ui/page.js';
import { ChooseKind } from './choose-kind.js';
import { CreatedWebhook } from './created-webhook.js';
import { FormSection } from './form-section.js';
import { LeaveGuard } from './leave-guard.js';
import { ownReceiver } from './new-webhook-kind.js';
import { useWebhookForm } from './use-webhook-form.js';
import { emptyForm, formOfTemplate, newWebhookBody } from './webhook-form.js';
import { WebhookFields } from './webhook-fields.js';
import './webhooks.css';

const trail = <Link to="webhooks">Webhooks</Link>;

/** Makes a webhook: what it is for, its settings, its secret, a test. */
export function NewWebhook() {
  const [params] = useSearchParams();
  const mayWrite = useMay('webhooks:write');
  const query = useQueries().useQuery('get', '/v1/webhook-templates', {}, { staleTime: Infinity });
  const name = params.get('to');
  if (!mayWrite)
    return (
      <Page title="New webhook" trail={trail}>
        <EmptyState title="This session may only look">
          To add a webhook, open the portal again as somebody who may change webhooks.
        </EmptyState>
      </Page>
    );
  if (query.data && name !== null) {
    const template = query.data.webhook_templates.find((each) => each.name === name);
    if (template) return <NewWebhookOf key={name} template={template} />;
  }
  return (
    <Page title="New webhook" trail={trail} lead="Where are the events to go?">
      <Loaded query={query} lines={6}>
        {({ webhook_templates: templates }) => <ChooseKind templates={templates} />}
      </Loaded>
    </Page>
  );
}

function NewWebhookOf({ template: chosen }: { template: WebhookTemplate }) {
  const template = chosen.name === ownReceiver ? null : chosen;
  const [start] = useState(() => (template ? formOfTemplate(template) : emptyForm));
  const { form, error, element, change, save } = useWebhookForm(() => start);
  const [verify, setVerify] = useState(false);
  const [created, setCreated] = useState<{ webhook: Webhook; secret: string }>();
  const queryClient = useQueryClient();
  const { mutateAsync, isPending } = useQueries().useMutation('post', '/v1/webhooks');

  const create = async () => {
    setCreated(await mutateAsync({ body: newWebhookBody(form, { template, verify }) }));
    window.scrollTo(0, 0);
    void queryClient.invalidateQueries({ queryKey: ['get', '/v1/webhooks'] });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isPending) void save(create);
  };

  if (created) return <CreatedWebhook key={created.webhook.id} {...created} />;
  return (
    <Page
      title={template ? `New webhook to ${template.title}` : 'New webhook'}
      trail={
        <>
          {trail}
          <Link to="webhooks/new">New webhook</Link>
        </>
      }
    >
      <form ref={element} className="stack" noValidate onSubmit={submit}>
        <Steps template={chosen} />
        <WebhookFields
          form={form}
          onChange={change}
          error={error}
          service={template && template.title}
          extra={<Verification verify={verify} onChange={setVerify} />}
        />
        {error !== null && <Problem error={error} />}
        <div className="row">
          <Button kind="primary" type="submit" isBusy={isPending}>
            Create webhook
          </Button>
          <Link to="webhooks" className="button plain">
            Cancel
          </Link>
        </div>
      </form>
      <LeaveGuard isDirty={JSON.stringify(form) !== JSON.stringify(start)} />
    </Page>
  );
}

function Verification({ verify, onChange }: { verify: boolean; onChange: (verify: boolean) => void }) {
  return (
    <FormSection
      title="Verification"
      summary={verify ? 'Before anything is sent' : 'None'}
      about="Makes sure that the receiver wants your events: it is asked to echo a challenge, now and whenever the URL changes."
      isWrong={false}
    >
      <Checkbox
        label="Send nothing before the receiver has answered"
        hint="Your receiver answers the event webhook.verification with its challenge. Services such as Slack cannot."
        checked={verify}
        onChange={onChange}
      />
    </FormSection>
  );
}

function Steps({ template: { name, title, steps } }: { template: WebhookTemplate }) {
  return (
    <Card title={name === ownReceiver ? 'What your receiver does' : `In ${title}`}>
      <ol className="steps">
        {steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
    </Card>
  );
}
