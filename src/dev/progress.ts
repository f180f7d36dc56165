import pc from 'picocolors';
import type { ShowProgress } from './embedded/embedded-stack.js';

/** One line a step, written when it is done, with the time that it took; a slow step says every few seconds that it goes on. */
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
