import { useState } from 'react';
import { CodeBlock } from '../../ui/code-block.js';
import { Card } from '../../ui/page.js';
import { CheckSecret } from './check-secret.js';
import { signatureHeaders, signedTexts, type SignatureHeaders } from './signature.js';
import { mistakes, nodeSnippet, pythonSnippet, standardSnippet } from './snippets.js';

interface SignatureCardProps {
  body: string;
  /** Of an attempt. */
  headers: Record<string, string>;
  attempt: number;
}

const snippets = { 'Node.js': nodeSnippet, Python: pythonSnippet, 'Standard Webhooks': standardSnippet };
type Language = keyof typeof snippets;

/** How the receiver checks that this very request is genuine. */
export function SignatureCard({ body, headers, attempt }: SignatureCardProps) {
  const logged = signatureHeaders(headers);
  const [language, setLanguage] = useState<Language>('Node.js');
  if (logged === null) return null;
  return (
    <Card title="The signature, explained">
      <p>
        Each request carries two signatures made with the webhook’s secret; check either one. Of attempt {attempt}, the
        log keeps their first 8 characters:
      </p>
      <Schemes body={body} logged={logged} />
      <CheckSecret body={body} logged={logged} attempt={attempt} />
      <div className="stack">
        <div className="card-head">
          <h3>How to check it</h3>
          <div className="row" role="group" aria-label="Language">
            {(Object.keys(snippets) as Language[]).map((name) => (
              <button
                key={name}
                type="button"
                className="button plain small"
                aria-pressed={name === language}
                onClick={() => setLanguage(name)}
              >
                {name}
              </button>
            ))}
          </div>
        </div>
        <CodeBlock text={snippets[language]} name={`code for ${language}`} isJson={false} />
      </div>
      <details>
        <summary>The usual mistakes</summary>
        <dl className="mistakes">
          {mistakes.map(({ what, why }) => (
            <div key={what}>
              <dt>{what}</dt>
              <dd className="quiet">{why}</dd>
            </div>
          ))}
        </dl>
      </details>
    </Card>
  );
}

function Schemes({ body, logged }: { body: string; logged: SignatureHeaders }) {
  const texts = signedTexts(logged, body);
  const begin = (text: string) => (text.length > 90 ? `${text.slice(0, 90)}…` : text);
  return (
    <div className="columns schemes">
      <div className="scheme">
        <h3>X-IRISX-Signature</h3>
        <code className="scheme-value">{logged.irisx ?? 'not kept'}</code>
        <p className="quiet">HMAC-SHA256, in hexadecimal, with the whole secret (whsec_ included), over</p>
        <code className="scheme-text">{begin(texts.irisx)}</code>
        <p className="quiet">X-IRISX-Timestamp, a full stop, the body as sent</p>
      </div>
      <div className="scheme">
        <h3>webhook-signature</h3>
        <code className="scheme-value">{logged.standard ?? 'not kept'}</code>
        <p className="quiet">HMAC-SHA256, in base64, with the secret after whsec_ decoded from base64, over</p>
        <code className="scheme-text">{begin(texts.standard)}</code>
        <p className="quiet">webhook-id, webhook-timestamp and the body, with full stops between them</p>
      </div>
      {logged.previous !== null && (
        <p className="note">
          The secret was being replaced: X-IRISX-Signature-Previous is {logged.previous}, made with the old one. A
          receiver that has either secret can accept the request.
        </p>
      )}
    </div>
  );
}
