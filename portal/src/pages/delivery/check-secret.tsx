import { useEffect, useState } from 'react';
import { CopyButton } from '../../ui/copy-button.js';
import { Field } from '../../ui/field.js';
import { judge, sign, type SignatureHeaders, type Signatures, type Verdict } from './signature.js';

interface CheckSecretProps {
  body: string;
  logged: SignatureHeaders;
  attempt: number;
}

const verdicts: Record<Verdict, { tone: string; text: string }> = {
  current: {
    tone: 'good',
    text: 'This is the secret that signed the request. If your receiver computes something else, it signs another text: most often a body that was parsed and rendered again.',
  },
  previous: {
    tone: 'warn',
    text: 'This is the previous secret: the webhook has a new one. It still signs X-IRISX-Signature-Previous for a while; put the new one into your receiver.',
  },
  other: {
    tone: 'bad',
    text: 'This secret did not sign the request. It belongs to another webhook, is an older one, or was cut when it was copied.',
  },
  unknown: { tone: 'info', text: 'The log does not have the signature of this attempt; compare with your receiver’s.' },
};

/** Computes the signatures in the browser, with a secret that never leaves it. */
export function CheckSecret({ body, logged, attempt }: CheckSecretProps) {
  const [secret, setSecret] = useState('');
  const signatures = useSignatures(secret.trim(), body, logged);
  const verdict = signatures && verdicts[judge(signatures.irisx, logged)];
  // Browsers compute only on pages that came over https, or from this machine.
  if (!window.isSecureContext) return null;
  return (
    <div className="stack check-secret">
      <Field
        label="Does your receiver have the right secret?"
        hint={`Paste it to compute the signatures of attempt ${attempt}. That happens in this browser: the secret is sent nowhere and not kept.`}
      >
        <input
          type="password"
          autoComplete="off"
          spellCheck={false}
          placeholder="whsec_…"
          value={secret}
          onChange={(event) => setSecret(event.target.value)}
        />
      </Field>
      <div role="status">{verdict && <p className={`note ${verdict.tone}`}>{verdict.text}</p>}</div>
      {signatures && (
        <dl className="facts">
          <dt>X-IRISX-Signature</dt>
          <dd>
            <code>{signatures.irisx}</code> <CopyButton text={signatures.irisx} of="X-IRISX-Signature" />
          </dd>
          <dt>webhook-signature</dt>
          <dd>
            {signatures.standard === null ? (
              'Not possible: what follows whsec_ is not base64.'
            ) : (
              <>
                <code>{signatures.standard}</code> <CopyButton text={signatures.standard} of="webhook-signature" />
              </>
            )}
          </dd>
        </dl>
      )}
    </div>
  );
}

/** Null: there is no secret, or they are not computed yet. */
function useSignatures(secret: string, body: string, { timestamp, id }: SignatureHeaders): Signatures | null {
  const [computed, setComputed] = useState<{ of: string; signatures: Signatures } | null>(null);
  const of = `${timestamp} ${id} ${secret}`;
  useEffect(() => {
    if (secret === '') return undefined;
    let isCurrent = true;
    void sign(secret, { timestamp, id }, body).then((signatures) => isCurrent && setComputed({ of, signatures }));
    return () => {
      isCurrent = false;
    };
  }, [secret, body, timestamp, id, of]);
  return secret !== '' && computed?.of === of ? computed.signatures : null;
}
