import { CopyButton } from '../../ui/copy-button.js';

/** A signing secret, in the only moment in which it is shown. */
export function SecretOnce({ secret }: { secret: string }) {
  return (
    <div className="stack">
      <p>
        It is shown now and never again. Store it where your receiver reads its settings, such as{' '}
        <code>IRISX_WEBHOOK_SECRET</code>. If it gets lost, rotate it.
      </p>
      <div className="shown-once-value">
        <code>{secret}</code>
        <CopyButton text={secret} of="the signing secret" label="Copy" />
      </div>
    </div>
  );
}
