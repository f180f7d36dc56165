import { createRequire } from 'node:module';
import path from 'node:path';
import { Router } from 'express';

const assetsFolder = path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const assets = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

// Everything is loaded from here, and only script files run, nothing inline. Swagger UI sets styles on elements, and
// its style sheet has pictures as data: urls.
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>IRISX Webhooks API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png" sizes="32x32">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <noscript>This page needs JavaScript; the same in plain JSON is at <a href="/openapi.json">/openapi.json</a>.</noscript>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/initializer.js"></script>
  </body>
</html>
`;

const initializer = `window.ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  presets: [SwaggerUIBundle.presets.apis],
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
});
`;

/** The OpenAPI document as a page to read: Swagger UI from its npm package, nothing from other hosts. */
export function docsPage(): Router {
  const router = Router();
  router.get('/', (_request, response) => {
    response.set({ 'Content-Security-Policy': contentSecurityPolicy, 'Cache-Control': 'no-cache' });
    response.type('html').send(html);
  });
  router.get('/initializer.js', (_request, response) => void response.type('js').send(initializer));
  for (const asset of assets) {
    router.get(`/${asset}`, (_request, response) => response.sendFile(asset, { root: assetsFolder, maxAge: '1h' }));
  }
  return router;
}
