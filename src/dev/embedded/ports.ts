import { createServer } from 'node:net';
import { StartError } from '../../errors.js';

/** A port of 127.0.0.1 that is free now. Another process may take it before you do. */
export async function findFreePort(): Promise<number> {
  return await listenBriefly(0);
}

/**
 * @param variable the environment variable that sets the port
 * @throws {StartError} when something listens there already
 */
export async function assertPortFree(port: number, purpose: string, variable: string): Promise<void> {
  try {
    await listenBriefly(port);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be opened (${code ?? message})`;
    throw new StartError(
      `Port ${port}, meant for ${purpose}, ${reason}. Stop that program, or set ${variable} to a free port.`,
    );
  }
}

function listenBriefly(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1' }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}
