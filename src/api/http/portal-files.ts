import { createRequire } from 'node:module';
import path from 'node:path';
import compression from 'compression';
import express, { Router, type NextFunction, type Request, type Response } from 'express';
import { sendPlainPage } from './plain-page.js';

/** The same for sources and for the built service: beside our package.json. */
const builtFolder = () =>
  path.join(path.dirname(createRequire(import.meta.url).resolve('irisx-webhooks/package.json')), 'dist', 'portal');

/** The value of `frame-ancestors` that lets these origins show a page. */
export const frameAncestorsOf = (origins: readonly string[]): string =>
  origins.length > 0 ? origins.join(' ') : "'none'";

const contentSecurityPolicy = (frameAncestors: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    `frame-ancestors ${frameAncestors}`,
  ].join('; ');

/**
 * The built single-page app: its files, whose names change with their content, and its page for every other path. It
 * finds out by its own path what it is to show. `frameAncestors` is the value of that directive.
 */
export function portalFiles({ folder = builtFolder(), frameAncestors }: { folder?: string; frameAncestors: string }) {
  const router = Router({ caseSensitive: true });
  router.use(compression(), (request: Request, response: Response, next: NextFunction) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return next('router');
    response.set('Content-Security-Policy', contentSecurityPolicy(frameAncestors));
    next();
  });
  router.use(
    '/assets',
    express.static(path.join(folder, 'assets'), { immutable: true, maxAge: '1y', index: false, redirect: false }),
    (_request: Request, _response: Response, next: NextFunction) => next('router'),
  );
  router.use((_request: Request, response: Response, next: NextFunction) => {
    response.set('Cache-Control', 'no-cache');
    next();
  });
  const files = express.static(folder, { index: false, redirect: false, cacheControl: false });
  router.use(files, (request: Request, _response: Response, next: NextFunction) => {
    request.url = '/index.html';
    next();
  });
  router.use(files, (_request: Request, response: Response) => sendPlainPage(response, frameAncestors, notBuilt));
  return router;
}

const notBuilt = {
  status: 503,
  title: 'The portal is not built yet',
  paragraphs: ['Run “npm run build” once and reload this page. The API works without it.'],
};
