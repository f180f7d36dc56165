import pc from 'picocolors';
import type { ShowProgress } from './embedded/embedded-stack.js';

/** Writes one line per step when it is done, with the time it took. A slow step reports every few seconds. */
export const showOnTerminal: ShowProgress = async (what, work, done) => {
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  const waiting = setInterval(() => console.log(pc.dim(`  … ${what}, ${seconds()} so far`)), 5_000);
  try {
    const result = await work();
    console.log(
      `  ${pc.green('✓')} ${what.padEnd(14)} ${pc.dim(`${seconds().padStart(6)}   ${done?.(result) ?? ''}`)}`,
    );
    return result;
  } catch (error) {
    console.log(`  ${pc.red('✗')} ${what.padEnd(14)} ${pc.dim(seconds().padStart(6))}`);
    throw error;
  } finally {
    clearInterval(waiting);
  }
};
