import { createHash } from 'node:crypto';
import type { Response } from 'express';

const style = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 36rem; margin: 15vh auto; padding: 0 1.25rem; }
h1 { font-size: 1.35rem; line-height: 1.3; }`;

const styleHash = createHash('sha256').update(style).digest('base64');

export interface PlainPage {
  status: number;
  title: string;
  /** Text, not HTML. */
  paragraphs: readonly string[];
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Sends a page of words for a person. `frameAncestors` is the value of that directive. */
export function sendPlainPage(
  response: Response,
  frameAncestors: string,
  { status, title, paragraphs }: PlainPage,
): void {
  response.set({
    'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors ${frameAncestors}`,
    'Cache-Control': 'no-store',
  });
  response.status(status).type('html').send(`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escaped(title)}</title>
    <style>${style}</style>
  </head>
  <body>
    <main>
      <h1>${escaped(title)}</h1>
${paragraphs.map((text) => `      <p>${escaped(text)}</p>`).join('\n')}
    </main>
  </body>
</html>
`);
}
