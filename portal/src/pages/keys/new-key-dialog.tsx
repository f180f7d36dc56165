import { useQueryClient } from '@tanstack/react-query';
import { useId, useState, type FormEvent } from 'react';
import { fieldError } from '../../api/api-error.js';
import { useQueries, useScope, useSession } from '../../api/session.js';
import { scopesToGive, type TenantScope } from '../../text/scopes.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Field } from '../../ui/field.js';
import { Problem } from '../../ui/loaded.js';
import { ScopeFields } from '../../ui/scope-fields.js';
import { expiresAt, expiryChoices, type ExpiryChoice } from './expiry.js';

interface NewKeyDialogProps {
  onCreated: (created: { name: string; key: string }) => void;
  onClose: () => void;
}

/** Asks what the key is for and what it may do, and creates it. */
export function NewKeyDialog({ onCreated, onClose }: NewKeyDialogProps) {
  const { tenantId } = useScope();
  const offered = scopesToGive(useSession());
  const queryClient = useQueryClient();
  const create = useQueries().useMutation('post', '/v1/tenants/{tenant_id}/api-keys');
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<TenantScope[]>(offered.slice(0, 1));
  const [expiry, setExpiry] = useState<ExpiryChoice>('never');
  const [day, setDay] = useState('');
  const formId = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (create.isPending) return;
    const body = { name, scopes, expires_at: expiresAt(expiry, day) };
    // Not by `onSuccess`: the key is there to be shown even if the dialog is not any more.
    create.mutateAsync({ params: { path: { tenant_id: tenantId! } }, body }).then(
      ({ api_key: { name }, key }) => {
        void queryClient.invalidateQueries({ queryKey: ['get', '/v1/tenants/{tenant_id}/api-keys'] });
        onCreated({ name, key });
      },
      () => undefined, // `create.error` is shown.
    );
  };
  const { error } = create;
  const errors = {
    name: fieldError(error, 'name'),
    scopes: fieldError(error, 'scopes'),
    expiresAt: fieldError(error, 'expires_at'),
  };
  return (
    <Dialog
      title="Create an API key"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form={formId} isBusy={create.isPending}>
            Create key
          </Button>
        </>
      }
    >
      <form id={formId} className="stack" onSubmit={submit}>
        <Field label="Name" hint="Which program uses it. The activity log shows this name." error={errors.name}>
          <input required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
        </Field>
        <ScopeFields
          legend="What it may do"
          offered={offered}
          given={scopes}
          error={errors.scopes}
          onChange={setScopes}
        />
        <div className="columns">
          <Field label="Expires" error={expiry === 'day' ? undefined : errors.expiresAt}>
            <select value={expiry} onChange={(event) => setExpiry(event.target.value as ExpiryChoice)}>
              {expiryChoices.map(({ value, label }) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </Field>
          {expiry === 'day' && (
            <Field label="Last day" error={errors.expiresAt}>
              <input type="date" required value={day} onChange={(event) => setDay(event.target.value)} />
            </Field>
          )}
        </div>
        {error !== null && !Object.values(errors).some(Boolean) && <Problem error={error} />}
      </form>
    </Dialog>
  );
}
